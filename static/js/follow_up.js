// The page of a follow-up: one act stands open like a tab, an address may name which one, and who
// types says so to colleagues who look at the same page. Everything works without it, but that.
(() => {
  const QUIET = 60_000;
  let quiet;

  function unfold() {
    const panel = location.hash.startsWith("#act-") && document.querySelector(location.hash);
    if (!(panel instanceof HTMLDetailsElement)) return;
    panel.open = true;
    panel.closest(".card, .follow-up-tags")?.scrollIntoView({ block: "nearest" });
    const fields = "input:not([type=hidden]), textarea, select, button";
    panel.querySelector(`textarea, ${fields}`)?.focus();
  }

  // A tab that is open stays open when it is pressed again.
  document.addEventListener("click", (event) => {
    const summary = event.target.closest(".panel > summary");
    if (summary?.parentElement.open) event.preventDefault();
  });

  function say(isWriting) {
    const presence = document.getElementById("presence");
    const field = presence?.elements.is_writing;
    if (!field || field.value === isWriting) return;
    field.value = isWriting;
    htmx.trigger(presence, "writing");
  }

  document.addEventListener("input", (event) => {
    if (!event.target.matches(".panel textarea")) return;
    clearTimeout(quiet);
    quiet = setTimeout(say, QUIET, "");
    say("on");
  });

  window.addEventListener("hashchange", unfold);
  // After the browser has gone to the place in the address, which takes the focus away.
  window.addEventListener("load", () => setTimeout(unfold));
})();
