// The queue with a keyboard, its boxes, and word of what came in. The page works without all of it.
(() => {
  const find = (selector) => document.querySelector(selector);
  const rows = () => [...document.querySelectorAll("#queue > .queue-row")];
  const boxes = () => [...document.querySelectorAll("#queue [name=pick]")];
  const linkOf = (row) => row.querySelector(".queue-link");
  const PLACE = "queue-place";
  let last = 0;
  let borrowed = null; // A row that a key ticked, and Escape gives back.

  // Boxes

  const countPicked = () => {
    const bulk = find("#bulk");
    if (!bulk) return;
    const picked = boxes().filter((box) => box.checked).length;
    const everything = find("#bulk_all")?.checked;
    const say = find("#bulk-count");
    const text = picked === 1 ? say.dataset.one : say.dataset.many.replace("{n}", picked);
    say.textContent = picked && !everything ? text : "";
    find("#bulk-acts").hidden = !picked && !everything;
    const page = find("#pick-page input");
    page.checked = picked > 0 && picked === boxes().length;
    page.indeterminate = picked > 0 && !page.checked;
  };

  document.addEventListener("change", (event) => {
    if (event.target.matches("#pick-page input")) {
      for (const box of boxes()) box.checked = event.target.checked;
    }
    if (event.target.matches("[name=pick]")) borrowed = null;
    countPicked();
  });

  // Panels: one at a time, closed by Escape and by a click elsewhere.

  const closePanels = () => {
    const open = find(".bulk-panel[open]");
    open?.removeAttribute("open");
    return open;
  };

  document.addEventListener("click", (event) => {
    if (!event.target.closest(".bulk-panel")) closePanels();
    if (event.target.id === "keys-open") find("#keys").showModal();
  });

  document.addEventListener(
    "toggle",
    (event) => {
      if (!event.target.matches(".bulk-panel[open]")) return;
      event.target.querySelector(".bulk-body").scrollIntoView({ block: "nearest" });
    },
    true,
  );

  const openPanel = (name) => {
    closePanels();
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
    borrowed = boxes()[at];
    borrowed.checked = true;
    countPicked();
    return true;
  };

  const giveBack = () => {
    const panel = closePanels();
    if (borrowed) borrowed.checked = false;
    borrowed = null;
    countPicked();
    if (panel) goTo(last);
  };

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
    if (event.key === "Escape" && find(".bulk-panel[open]")) {
      event.preventDefault();
      giveBack();
      return;
    }
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

  const start = () => {
    find("#pick-page")?.removeAttribute("hidden");
    find("#keys-open")?.removeAttribute("hidden");
    countPicked();
    returnToPlace();
  };
  start();
  // Back from another page the browser shows the boxes as they were.
  window.addEventListener("pageshow", countPicked);
})();
