// Parts of a page that fetch themselves anew ([data-live]): not while nobody looks, at once when
// somebody does again, and what the reader has unfolded stays unfolded.
(() => {
  let unfolded = [];

  document.addEventListener("htmx:beforeRequest", (event) => {
    if (document.hidden && event.target.matches("[data-live]")) event.preventDefault();
  });

  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return;
    for (const part of document.querySelectorAll("[data-live]")) htmx.trigger(part, "seen-again");
  });

  document.addEventListener("htmx:beforeSwap", () => {
    unfolded = [...document.querySelectorAll("[data-live] details[id][open]")].map((part) => part.id);
  });

  document.addEventListener("htmx:afterSwap", () => {
    for (const id of unfolded) document.getElementById(id)?.setAttribute("open", "");
  });
})();
