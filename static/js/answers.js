// Counts the ticked answers, and ticks all of a page. The list works without it.
(() => {
  const find = (selector) => document.querySelector(selector);
  const boxes = () => [...document.querySelectorAll("#answers [name=pick]")];
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
  document.addEventListener("click", (event) => {
    if (!event.target.closest(".bulk-panel")) find(".bulk-panel[open]")?.removeAttribute("open");
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") find(".bulk-panel[open]")?.removeAttribute("open");
  });
  find("#pick-page").hidden = false;
  countPicked();
})();
