// The exported dictionary: a filter over the rows of a page. Without it, the browser's own search finds them.
(() => {
  "use strict";
  for (const field of document.querySelectorAll("[data-filter]")) {
    field.closest(".filter").hidden = false;
    const rows = [...document.querySelectorAll(field.dataset.filter)];
    const plain = (text) => text.toLowerCase().replace(/[._-]/g, " ");
    const texts = rows.map((row) => plain(row.textContent));
    field.addEventListener("input", () => {
      const words = plain(field.value).split(/\s+/).filter(Boolean);
      rows.forEach((row, place) => { row.hidden = !words.every((word) => texts[place].includes(word)); });
    });
  }
  for (const box of document.querySelectorAll(".scroll a.center")) {
    const place = box.closest(".scroll");
    const room = place.getBoundingClientRect();
    const found = box.getBoundingClientRect();
    place.scrollLeft += found.left + found.width / 2 - room.left - room.width / 2;
  }
})();
