// jsforce against the fake Salesforce: each step prints its name, and a step that fails ends the process.
// Usage: node jsforce_checks.js MODULES ADDRESS CLIENT_ID CLIENT_SECRET
const [modules, address, clientId, clientSecret] = process.argv.slice(2);
const assert = require('node:assert');
const jsforce = require(`${modules}/jsforce`);

async function rejection(promise) {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new assert.AssertionError({ message: 'it was not refused' });
}

async function main() {
  const conn = new jsforce.Connection({
    instanceUrl: address,
    oauth2: { loginUrl: address, clientId, clientSecret },
    version: '64.0',
  });
  const step = async (name, work) => {
    await work();
    console.log(name);
  };

  await step('client credentials', async () => {
    const user = await conn.authorize({ grant_type: 'client_credentials', client_id: clientId, client_secret: clientSecret });
    assert.match(user.id, /^005/);
    assert.match(user.organizationId, /^00D/);
    assert.ok(conn.accessToken);
  });
  await step('identity', async () => assert.strictEqual((await conn.identity()).username, 'integration@example.com'));
  await step('describe', async () => {
    const meta = await conn.sobject('Lead').describe();
    const key = meta.fields.find((field) => field.name === 'Lead_Enrichment_Key__c');
    assert.ok(key.externalId && key.unique);
    assert.ok((await conn.describeGlobal()).sobjects.some((item) => item.name === 'Lead'));
  });

  const lead = conn.sobject('Lead');
  let id;
  await step('create, read, change', async () => {
    const made = await lead.create({ LastName: 'Lovelace', Company: 'Little Engines', Email: 'ada@example.com', Capacity__c: 40 });
    assert.ok(made.success);
    id = made.id;
    assert.strictEqual(id.length, 18);
    assert.ok((await lead.update({ Id: id, Phone: '+17025550142' })).success);
    const row = await lead.retrieve(id);
    assert.strictEqual(row.Phone, '+17025550142');
    assert.strictEqual(row.Capacity__c, 40);
    assert.ok(!Number.isNaN(Date.parse(row.LastModifiedDate)));
  });
  await step('many are retrieved; one that is not there is null', async () => {
    const rows = await conn.request({
      method: 'POST',
      url: '/composite/sobjects/Lead',
      body: JSON.stringify({ ids: [id, '00QF09999999999AAA'], fields: ['Id', 'Phone'] }),
      headers: { 'content-type': 'application/json' },
    });
    assert.strictEqual(rows[0].Phone, '+17025550142');
    assert.strictEqual(rows[1], null);
  });
  await step('upsert by external id', async () => {
    const first = await lead.upsert({ LastName: 'A', Company: 'B', Lead_Enrichment_Key__c: 'texas:1' }, 'Lead_Enrichment_Key__c');
    assert.ok(first.success && first.created);
    const again = await lead.upsert({ LastName: 'A', Company: 'B2', Lead_Enrichment_Key__c: 'texas:1' }, 'Lead_Enrichment_Key__c');
    assert.ok(again.success && !again.created);
    assert.strictEqual(again.id ?? first.id, first.id);
  });
  await step('errors have their code', async () => {
    assert.strictEqual((await rejection(lead.create({ Company: 'No name' }))).errorCode, 'REQUIRED_FIELD_MISSING');
    const twice = await rejection(lead.create({ LastName: 'L', Company: 'Little Engines', Email: 'ada@example.com' }));
    assert.strictEqual(twice.errorCode, 'DUPLICATES_DETECTED');
    assert.strictEqual((await rejection(conn.query('SELECT Nothing FROM Lead'))).errorCode, 'INVALID_FIELD');
    assert.strictEqual((await rejection(lead.retrieve('00QF09999999999AAA'))).errorCode, 'NOT_FOUND');
  });
  await step('collections', async () => {
    const rows = Array.from({ length: 200 }, (_, number) => ({ LastName: `N${number}`, Company: 'Many' }));
    rows[7] = { Company: 'Many' };
    const made = await lead.create(rows, { allOrNone: false });
    assert.strictEqual(made.filter((item) => item.success).length, 199);
    assert.strictEqual(made[7].errors[0].statusCode, 'REQUIRED_FIELD_MISSING');
    const keyed = rows.slice(0, 5).map((row, number) => ({ ...row, Lead_Enrichment_Key__c: `texas:c${number}` }));
    const upserted = await lead.upsert(keyed, 'Lead_Enrichment_Key__c', { allOrNone: false });
    assert.ok(upserted.every((item) => item.success));
  });
  await step('queries page', async () => {
    const rows = Array.from({ length: 2300 }, (_, number) => ({ LastName: `P${number}`, Company: 'Pages' }));
    for (let start = 0; start < rows.length; start += 200) await lead.create(rows.slice(start, start + 200));
    const first = await conn.query("SELECT Id, LastName FROM Lead WHERE Company = 'Pages'");
    assert.strictEqual(first.totalSize, 2300);
    assert.strictEqual(first.done, false);
    const rest = await conn.queryMore(first.nextRecordsUrl);
    assert.strictEqual(rest.records.length, 300);
    assert.ok(rest.done);
    assert.strictEqual((await conn.query("SELECT COUNT() FROM Lead WHERE Company LIKE 'Page%'")).totalSize, 2300);
  });
  await step('deleted rows are told by queryAll alone', async () => {
    const made = await lead.create({ LastName: 'Gone', Company: 'Gone' });
    assert.ok((await lead.destroy(made.id)).success);
    assert.strictEqual((await conn.query("SELECT Id FROM Lead WHERE LastName = 'Gone'")).totalSize, 0);
    const all = await conn.query("SELECT Id, IsDeleted FROM Lead WHERE LastName = 'Gone'", { scanAll: true });
    assert.strictEqual(all.records[0].IsDeleted, true);
  });
  await step('bulk upsert with all three results', async () => {
    const input = Array.from({ length: 450 }, (_, number) => ({
      LastName: number === 3 ? '' : `B${number}`, Company: 'Bulk', Lead_Enrichment_Key__c: `nevada:${number}`,
    }));
    const done = await conn.bulk2.loadAndWaitForResults({
      object: 'Lead', operation: 'upsert', externalIdFieldName: 'Lead_Enrichment_Key__c', input, pollInterval: 50, pollTimeout: 20000,
    });
    assert.strictEqual(done.successfulResults.length, 449);
    assert.strictEqual(done.successfulResults[0].sf__Created, 'true');
    assert.strictEqual(done.failedResults.length, 1);
    assert.match(done.failedResults[0].sf__Error, /^REQUIRED_FIELD_MISSING:/);
    assert.strictEqual(done.unprocessedRecords.length, 0);
  });
  await step('a job by its steps; it can be aborted', async () => {
    const job = conn.bulk2.createJob({ object: 'Lead', operation: 'insert' });
    assert.strictEqual((await job.open(), job.getInfo()).state, 'Open');
    await job.uploadData('LastName,Company\nX,Aborted\n');
    await job.abort();
    assert.strictEqual((await job.check()).state, 'Aborted');
    const again = conn.bulk2.job('ingest', { id: job.id });
    assert.strictEqual((await again.check()).state, 'Aborted');
    assert.strictEqual((await again.getUnprocessedRecords()).length, 1);
  });
  // More than one page is left to Salesforce's command line: jsforce 3.10 ends its stream after the first.
  await step('bulk query', async () => {
    const stream = await conn.bulk2.query("SELECT Id, LastName, SystemModstamp FROM Lead WHERE Company = 'Pages'", {
      pollInterval: 50, pollTimeout: 20000,
    });
    const rows = await stream.toArray();
    assert.strictEqual(rows.length, 2300);
    assert.match(rows[0].SystemModstamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z$/);
  });
  await step('limits', async () => {
    const limits = await conn.limits();
    assert.ok(limits.DailyApiRequests.Remaining < limits.DailyApiRequests.Max);
    assert.ok(conn.limitInfo.apiUsage.used > 0);
  });
  await step('an expired session', async () => {
    const old = new jsforce.Connection({ instanceUrl: address, accessToken: 'not a token', version: '64.0' });
    assert.strictEqual((await rejection(old.query('SELECT Id FROM Lead LIMIT 1'))).errorCode, 'INVALID_SESSION_ID');
  });
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
