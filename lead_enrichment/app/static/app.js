// What the browser does beyond links and forms. Every page works without it.
(() => {
  "use strict";
  document.documentElement.classList.add("js");

  const button = document.querySelector(".menu-button");
  if (button) {
    const menu = document.getElementById("menu");
    button.addEventListener("click", () => {
      const open = button.getAttribute("aria-expanded") !== "true";
      button.setAttribute("aria-expanded", String(open));
      menu.classList.toggle("open", open);
    });
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && menu.classList.contains("open")) {
        button.click();
        button.focus();
      }
    });
  }

  // On a phone the tab of this page may lie beyond the edge.
  document.querySelector(".tabs [aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });

  // data-key="x" on a control: the key presses it, or puts the cursor into it, unless somebody is typing.
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    if (event.target.closest("input, textarea, select, [contenteditable]")) return;
    const control = [...document.querySelectorAll("[data-key]")].find((found) => found.dataset.key === event.key);
    if (!control || control.disabled) return;
    event.preventDefault();
    if (control.matches("input, textarea, select")) control.focus();
    else control.click();
  });

  // data-submit: a filter that asks again as soon as it is changed.
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-submit]")) event.target.form.requestSubmit();
  });

  // Of a picture that is wider than its place, the middle of the question.
  document.querySelectorAll(".scroll a.center").forEach((box) => {
    const place = box.closest(".scroll").getBoundingClientRect();
    const found = box.getBoundingClientRect();
    box.closest(".scroll").scrollLeft += found.left + found.width / 2 - place.left - place.width / 2;
  });

  document.addEventListener("htmx:responseError", (event) => say(event.detail.xhr.status));
  document.addEventListener("htmx:sendError", () => say(0));
  function say(status) {
    const text = status === 401 ? "Your session has ended. Load the page again and sign in."
      : status ? "That could not be answered. Load the page again." : "The app does not answer. Is it running?";
    const place = document.getElementById("flashes");
    const line = document.createElement("p");
    line.className = "flash bad";
    line.textContent = text;
    place.replaceChildren(line);
  }
})();
