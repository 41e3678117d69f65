// What can be done with the ticked rows of a list, whose boxes name the form: how many there are, all of
// a page at once, and the panels of the acts, one at a time. The list works without it.
(() => {
  const find = (selector) => document.querySelector(selector);
  const boxes = () => [...document.querySelectorAll("[name=pick][form=bulk]")];
  const page = find("#pick-page input");
  if (!page) return;

  const countPicked = () => {
    const picked = boxes().filter((box) => box.checked).length;
    const everything = find("#bulk_all")?.checked;
    const say = find("#bulk-count");
    const text = picked === 1 ? say.dataset.one : say.dataset.many.replace("{n}", picked);
    say.textContent = picked && !everything ? text : "";
    find("#bulk-acts").hidden = !picked && !everything;
    page.checked = picked > 0 && picked === boxes().length;
    page.indeterminate = picked > 0 && !page.checked;
  };

  document.addEventListener("change", (event) => {
    if (event.target === page) for (const box of boxes()) box.checked = page.checked;
    countPicked();
  });

  // Panels: closed by Escape and by a click elsewhere.

  const openPanel = () => find(".bulk-panel[open]");

  document.addEventListener("click", (event) => {
    if (!event.target.closest(".bulk-panel")) openPanel()?.removeAttribute("open");
  });

  document.addEventListener("keydown", (event) => {
    const panel = event.key === "Escape" && openPanel();
    if (!panel) return;
    event.preventDefault();
    panel.removeAttribute("open");
    panel.dispatchEvent(new Event("bulk:left", { bubbles: true }));
  });

  document.addEventListener(
    "toggle",
    (event) => {
      if (!event.target.matches(".bulk-panel[open]")) return;
      event.target.querySelector(".bulk-body").scrollIntoView({ block: "nearest" });
    },
    true,
  );

  find("#pick-page").hidden = false;
  countPicked();
  // Back from another page the browser shows the boxes as they were.
  window.addEventListener("pageshow", countPicked);
})();
