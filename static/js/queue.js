// The queue with a keyboard, and word of what came in. bulk.js has the boxes and the panels; the page
// works without all of it.
(() => {
  const find = (selector) => document.querySelector(selector);
  const rows = () => [...document.querySelectorAll("#queue > .queue-row")];
  const boxes = () => [...document.querySelectorAll("[name=pick][form=bulk]")];
  const linkOf = (row) => row.querySelector(".queue-link");
  const PLACE = "queue-place";
  let last = 0;
  let borrowed = null; // A row that a key ticked, and Escape gives back.

  const setBox = (box, isChecked) => {
    box.checked = isChecked;
    box.dispatchEvent(new Event("change", { bubbles: true }));
  };

  document.addEventListener("change", (event) => {
    if (event.target.matches("[name=pick]")) borrowed = null;
  });

  document.addEventListener("click", (event) => {
    if (event.target.id === "keys-open") find("#keys").showModal();
  });

  const openPanel = (name) => {
    find(".bulk-panel[open]")?.removeAttribute("open");
    const panel = find(`#act-${name}`);
    panel.setAttribute("open", "");
    panel.querySelector("select, input, textarea").focus();
  };

  // Rows

  const here = () => {
    const all = rows();
    const at = all.findIndex((row) => row.contains(document.activeElement));
    if (at >= 0) last = at;
    return at;
  };

  const goTo = (number) => {
    const all = rows();
    if (!all.length) return;
    last = Math.max(0, Math.min(number, all.length - 1));
    linkOf(all[last]).focus();
    all[last].scrollIntoView({ block: "nearest" });
  };

  const move = (step) => {
    const at = here();
    goTo(at < 0 ? last : at + step);
  };

  // An act is about the ticked rows, or else about the one that has the focus.
  const pickSomething = () => {
    if (find("#bulk_all")?.checked || boxes().some((box) => box.checked)) return true;
    const at = here();
    if (at < 0) return false;
    const box = boxes()[at];
    setBox(box, true);
    borrowed = box;
    return true;
  };

  document.addEventListener("bulk:left", () => {
    if (borrowed) setBox(borrowed, false);
    goTo(last);
  });

  // The next page is drawn afresh: the reader goes on where they were.
  document.addEventListener("submit", (event) => {
    if (event.target.id !== "bulk") return;
    here();
    sessionStorage.setItem(PLACE, JSON.stringify({ at: last, when: Date.now() }));
  });

  const returnToPlace = () => {
    const kept = JSON.parse(sessionStorage.getItem(PLACE) ?? "null");
    sessionStorage.removeItem(PLACE);
    if (kept && Date.now() - kept.when < 60_000 && !find("#error-summary")) goTo(kept.at);
  };

  // Keys

  const ACTS = {
    j: () => move(1),
    k: () => move(-1),
    x: () => {
      const at = here();
      if (at >= 0) boxes()[at].click();
    },
    c: () => {
      if (pickSomething()) find("#bulk").requestSubmit(find("#bulk [value=own]"));
    },
    a: () => pickSomething() && openPanel("assign"),
    s: () => pickSomething() && openPanel("snooze"),
    e: () => pickSomething() && openPanel("close"),
    "/": () => find("#queue-filter [type=search]")?.focus(),
    "?": () => find("#keys").showModal(),
  };
  const WITHOUT_ROWS = ["/", "?"];

  const isTyping = (element) =>
    element.isContentEditable ||
    element.matches("select, textarea, input:not([type=checkbox], [type=radio])");

  document.addEventListener("keydown", (event) => {
    const inPanel = event.target.closest?.(".bulk-panel");
    if (event.key === "Escape" && event.target.matches?.("#queue-filter [type=search]")) {
      // Out of the box, so that the keys are ours again; what is typed stays.
      event.preventDefault();
      event.target.blur();
      return;
    }
    if (event.key === "Enter" && inPanel && event.target.matches("input, select")) {
      // The first button of the form is another panel's.
      event.preventDefault();
      find("#bulk").requestSubmit(inPanel.querySelector("button[name=act]"));
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (!find("#keys[data-keys]") || find("dialog[open]") || isTyping(event.target)) return;
    const act = Object.hasOwn(ACTS, event.key) && ACTS[event.key];
    if (!act || (!rows().length && !WITHOUT_ROWS.includes(event.key))) return;
    event.preventDefault();
    act();
  });

  // News

  const title = document.title;
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.target.id === "queue-news") {
      const number = find("#queue-news [data-new]")?.dataset.new;
      document.title = number ? `(${number}) ${title}` : title;
    }
    else find("#queue-filter.card input:not([type=hidden])")?.focus();
  });

  find("#keys-open")?.removeAttribute("hidden");
  returnToPlace();
})();
