// Every page works without this script. It adds suggestions, results in place, keyboard shortcuts and copy buttons.

const ROOT = document.documentElement.dataset.root; // the path that the site is under, or ""
const PAUSE = 30; // milliseconds without a keystroke before suggestions are requested

// Have screen readers say a text with {count} replaced. Empty it first, so that a repeated text is said again.
function say(text, count) {
  const said = document.getElementById("said");
  said.textContent = "";
  setTimeout(() => { said.textContent = text.replace("{count}", count); }, 100);
}

// --- Show progress for what takes longer than a moment ----------------------------------------------------------------

const MOMENT = 400; // milliseconds
const progress = document.getElementById("progress");
const awaited = new Map(); // pending operations, and the timers that will show them

function showProgress(isShown) {
  progress.hidden = !isShown;
  document.getElementById("main").ariaBusy = String(isShown);
  if (isShown) say(progress.ariaLabel);
}

function begin(what) {
  clearTimeout(awaited.get(what));
  awaited.set(what, setTimeout(showProgress, MOMENT, true));
}

function finish(what) {
  clearTimeout(awaited.get(what));
  awaited.delete(what);
  if (awaited.size === 0 && !progress.hidden) showProgress(false);
}

// Leaving for another page. A page from the back/forward cache, or stopping the load, ends the progress too.
function leave(event) {
  const link = event.target.closest?.("a[href]");
  if (event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  if (event.type === "click" && (!link?.protocol.startsWith("http") || link.target || link.hasAttribute("download"))) return;
  if (event.type === "submit" && event.target.method === "dialog") return;
  if (link && link.href.split("#")[0] === location.href.split("#")[0] && link.hash) return;
  begin("page");
}
document.addEventListener("click", leave);
document.addEventListener("submit", leave);
addEventListener("pageshow", () => finish("page"));
addEventListener("keydown", (event) => { if (event.key === "Escape") finish("page"); });
window.navigation?.addEventListener("navigateerror", () => finish("page"));

// --- The search box: the ARIA practices' editable combobox with list autocomplete and manual selection --------------

class SearchBox extends HTMLElement {
  connectedCallback() {
    this.input = this.querySelector("input");
    this.list = this.querySelector("[role=listbox]");
    this.input.role = "combobox";
    this.input.ariaAutoComplete = "list";
    this.input.ariaExpanded = "false";
    this.input.setAttribute("aria-controls", this.list.id);
    // Ignore words that are still being composed (IME).
    this.input.addEventListener("input", (event) => { if (!event.isComposing) this.ask(); });
    this.input.addEventListener("compositionend", () => this.ask());
    this.input.addEventListener("keydown", (event) => this.press(event));
    this.input.addEventListener("blur", () => this.close());
    this.list.addEventListener("mousedown", (event) => event.preventDefault()); // the focus stays in the box
    this.list.addEventListener("click", (event) => this.choose(event.target.closest("[role=option]")));
  }

  disconnectedCallback() {
    this.close();
  }

  // Show suggestions for the text in the box. A later call, or close(), cancels an earlier one.
  async ask() {
    this.asking?.abort();
    this.point(null);
    const typed = this.input.value.trim();
    if (!typed) return this.close();
    this.asking = new AbortController();
    const { signal } = this.asking;
    try {
      await new Promise((resolve) => { setTimeout(resolve, PAUSE); });
      signal.throwIfAborted();
      begin("suggestions");
      const answer = await fetch(`${ROOT}/search/suggestions?q=${encodeURIComponent(typed)}`, { signal });
      const login = `${ROOT}/login?next=${encodeURIComponent(location.pathname + location.search)}`;
      if (answer.status === 401) return location.assign(login); // the session has ended
      if (!answer.ok) throw new Error(`Suggestions failed with status ${answer.status}.`);
      const { suggestions } = await answer.json();
      signal.throwIfAborted();
      return this.open(suggestions);
    } catch (error) {
      if (signal.aborted) return;
      console.warn(error);
      this.close(); // searching works without them
    } finally {
      if (this.asking?.signal === signal) finish("suggestions");
    }
  }

  open(suggestions) {
    this.list.replaceChildren(...suggestions.map((suggestion, number) => this.option(suggestion, number)));
    this.list.hidden = suggestions.length === 0;
    this.input.ariaExpanded = String(!this.list.hidden);
    this.point(null);
    say(document.getElementById("said").dataset.suggestions, suggestions.length);
  }

  option({ kind, text, author, address }, number) {
    const option = document.createElement("li");
    option.id = `suggestion-${number}`;
    option.role = "option";
    option.ariaSelected = "false";
    option.dataset.address = address;
    option.append(document.createElement("bdi"), " ", document.createElement("small"));
    option.firstChild.textContent = text;
    option.lastChild.textContent = kind === "author" ? this.list.dataset.author : author;
    option.lastChild.dir = "auto";
    return option;
  }

  close() {
    this.asking?.abort();
    this.list.hidden = true;
    this.input.ariaExpanded = "false";
    this.point(null);
  }

  // Make an option active, or with null the box itself.
  point(option) {
    for (const one of this.list.children) one.ariaSelected = String(one === option);
    this.input.setAttribute("aria-activedescendant", option?.id ?? "");
    option?.scrollIntoView({ block: "nearest" });
  }

  choose(option) {
    this.close();
    if (option) location.assign(option.dataset.address);
  }

  async press(event) {
    if (event.isComposing || event.keyCode === 229) return; // Safari reports the Enter that ends a composition as 229
    const options = this.list.hidden ? [] : [...this.list.children];
    const at = options.findIndex((option) => option.ariaSelected === "true");
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (event.key === "ArrowUp" && event.altKey) this.close();
      else if (this.list.hidden) await this.ask();
      if (event.altKey || this.list.hidden) return;
      const next = event.key === "ArrowDown" ? at + 1 : Math.max(at, 0) - 1;
      this.point([...this.list.children].at(next % this.list.children.length));
    } else if (event.key === "Enter") {
      if (at >= 0) event.preventDefault(); // otherwise the form is submitted
      this.choose(options[at]);
    } else if (event.key === "Escape") {
      event.preventDefault(); // some browsers would clear the box
      if (this.list.hidden) this.input.value = "";
      this.close();
    } else if (["ArrowLeft", "ArrowRight", "Home", "End"].includes(event.key)) {
      this.point(null); // the cursor moves in the box
    }
  }
}

customElements.define("search-box", SearchBox);

// --- Results in place: from one search to the next only the changed parts are replaced ------------------------------

// The browser manages address, history and scrolling. Browsers without the Navigation API load the page.
window.navigation?.addEventListener("navigate", (event) => {
  const { pathname } = new URL(event.destination.url);
  if (!event.canIntercept || event.hashChange || event.formData || event.downloadRequest !== null) return;
  if (event.navigationType === "reload" || [pathname, location.pathname].some((one) => one !== `${ROOT}/search`)) return;
  const handler = () => show(event.destination.url, event.signal);
  event.intercept({ handler, scroll: "after-transition", focusReset: "manual" });
});

async function show(address, signal) {
  const sorting = document.activeElement?.matches("[data-submits]") && document.activeElement.id;
  begin("page");
  try {
    const answer = await fetch(address, { signal });
    if (answer.redirected || answer.status >= 500) throw new Error(`The search failed with status ${answer.status}.`);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    signal.throwIfAborted();
    const [old, now] = [document, page].map((one) => [...one.querySelectorAll("body > :is(header, main, footer)")]);
    if (now.length !== old.length) throw new Error("The search returned another page.");
    old.forEach((part, number) => part.replaceWith(now[number]));
    document.title = page.title;
    localise();
    finish("page");
  } catch (error) {
    if (signal.aborted) return;
    console.warn(error);
    location.reload(); // the address has already changed: the browser loads the page or shows the error
    return;
  }
  const heading = document.querySelector("main h1");
  if (heading) heading.tabIndex = -1;
  const control = sorting && document.getElementById(sorting);
  (document.querySelector("main [aria-invalid=true]") ?? (control || heading))?.focus({ preventScroll: true });
  say(document.getElementById("said").dataset.results, document.querySelectorAll(".results > li").length);
}

// --- Drafts: typed text stays in this tab, by account and form, until it is sent. ------------------------------------
// For a tab that is closed, or a browser that crashes, a copy stays in the browser for a week. It is sealed, as others may
// use the browser: only the pages of its reader have the key. Browsers offer encryption with HTTPS or at localhost only.

const DRAFT = "draft ";
const SEALED = "sealed ";
const WEEK = 7 * 24 * 60 * 60 * 1000; // milliseconds

// Return the copy of a form's draft: functions that read, write and delete it, one after the other. Without encryption
// there is none.
async function sealedCopy(form) {
  if (!crypto.subtle || !form.dataset.key) return null;
  const masked = Uint8Array.from(form.dataset.key.match(/../g), (digits) => parseInt(digits, 16));
  const half = masked.length / 2;
  const own = masked.slice(half).map((byte, number) => byte ^ masked[number]);
  const action = new TextEncoder().encode(form.getAttribute("action"));
  const digest = await crypto.subtle.digest("SHA-256", new Uint8Array([...own, ...action]));
  const name = SEALED + [...new Uint8Array(digest.slice(0, 16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const key = await crypto.subtle.importKey("raw", digest.slice(16), "AES-GCM", false, ["encrypt", "decrypt"]);
  let last = Promise.resolve();
  const then = (step) => { last = last.then(step).catch(console.warn); return last; };
  return {
    name,
    read: () => then(async () => {
      if (!(name in localStorage)) return null;
      const { iv, data } = JSON.parse(localStorage[name]);
      const text = await crypto.subtle.decrypt({ name: "AES-GCM", iv: Uint8Array.from(iv) }, key, Uint8Array.from(data));
      return JSON.parse(new TextDecoder().decode(text));
    }),
    write: (draft) => then(async () => {
      const iv = crypto.getRandomValues(new Uint8Array(12));
      const data = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, key, new TextEncoder().encode(JSON.stringify(draft)));
      localStorage[name] = JSON.stringify({ at: Date.now(), iv: [...iv], data: [...new Uint8Array(data)] });
    }),
    remove: () => then(() => { delete localStorage[name]; }),
  };
}

function keepDraft(form) {
  const key = `${DRAFT}${form.dataset.account} ${form.getAttribute("action")}`;
  const fields = () => [...new FormData(form)].filter(([name]) => name !== "csrf_token");
  const before = JSON.stringify(fields());
  const { restored = null } = form.dataset; // the draft that the server restored
  const copy = sealedCopy(form);

  function fill(draft) {
    // The server's is newer, unless this one was typed after it was restored.
    if (!draft || JSON.stringify(draft.fields) === before || (restored && draft.restored !== restored)) return;
    for (const [name, value] of draft.fields) {
      const field = form.elements[name];
      if (field && field.type !== "checkbox") field.value = value; // also for radio buttons: form.elements groups them by name
    }
    for (const box of form.querySelectorAll("[type=checkbox]")) {
      box.checked = draft.fields.some(([name]) => name === box.name);
    }
    form.querySelector("[data-draft]").hidden = false;
  }

  if (key in sessionStorage) fill(JSON.parse(sessionStorage[key]));
  else copy.then((sealed) => sealed?.read()).then((draft) => { if (JSON.stringify(fields()) === before) fill(draft); });
  form.addEventListener("input", () => {
    const draft = { restored, fields: fields() };
    sessionStorage[key] = JSON.stringify(draft);
    copy.then((sealed) => sealed?.write(draft));
  });
  form.addEventListener("submit", () => {
    sessionStorage[`${DRAFT}sent`] = key;
    copy.then((sealed) => { if (sealed) sessionStorage[`${DRAFT}sent sealed`] = sealed.name; });
  });
  form.addEventListener("reset", () => {
    delete sessionStorage[key];
    copy.then((sealed) => sealed?.remove());
    form.querySelector("[data-draft]").hidden = true;
  });
}

// Delete the drafts that were sent, or all of them at the end of the session or account, and sealed ones that are old.
function forgetDrafts(done) {
  const isOver = done === "logged-out" || done?.startsWith("account-deleted");
  const sent = [sessionStorage[`${DRAFT}sent`], sessionStorage[`${DRAFT}sent sealed`]];
  for (const storage of [sessionStorage, localStorage]) {
    for (const key of Object.keys(storage)) {
      if (![DRAFT, SEALED].some((one) => key.startsWith(one))) continue;
      const isOld = key.startsWith(SEALED) && Date.now() - JSON.parse(storage[key]).at > WEEK;
      if (isOld || isOver || (done && sent.includes(key))) delete storage[key];
    }
  }
  delete sessionStorage[`${DRAFT}sent`];
  delete sessionStorage[`${DRAFT}sent sealed`];
}

try {
  forgetDrafts(document.documentElement.dataset.done);
  // Keep the search box and the filters when the language or theme changes.
  for (const { id, value, checked } of JSON.parse(sessionStorage[`${DRAFT}search`] ?? "[]")) {
    Object.assign(document.getElementById(id) ?? {}, { value, checked });
  }
  delete sessionStorage[`${DRAFT}search`];
  document.addEventListener("submit", (event) => {
    if (!event.submitter?.closest(".preferences")) return;
    const fields = [...document.querySelectorAll("[role=search] :is(input, select)")];
    sessionStorage[`${DRAFT}search`] = JSON.stringify(fields.map(({ id, value, checked }) => ({ id, value, checked })));
  });
  document.querySelectorAll("form[data-account]").forEach(keepDraft);
} catch (error) { // storage is disabled
  console.warn(error);
}

// --- Times in the reader's zone ---------------------------------------------------------------------------------------

function localise() {
  const language = document.documentElement.lang === "en" ? "en-GB" : document.documentElement.lang; // as on the server
  for (const time of document.querySelectorAll("time[data-shows]")) {
    const clock = time.dataset.shows === "moment" ? { timeStyle: "short" } : {};
    const text = new Intl.DateTimeFormat(language, { dateStyle: "long", ...clock }).format(new Date(time.dateTime));
    if (text !== time.textContent) time.textContent = text;
  }
}
localise();

// --- Keys, and what is clicked ---------------------------------------------------------------------------------------

const keys = document.getElementById("keys");
const areOn = document.getElementById("keys-on");
try {
  areOn.checked = localStorage.keys !== "off";
  areOn.addEventListener("change", () => { localStorage.keys = areOn.checked ? "on" : "off"; });
} catch { // storage is disabled: the choice applies to this page
}

const SHORTCUTS = {
  "/": () => document.getElementById("q")?.select(),
  "?": () => keys.showModal(),
  j: () => goTo(+1),
  k: () => goTo(-1),
};

function goTo(step) {
  const results = [...document.querySelectorAll(".results > li")];
  const at = results.findIndex((result) => result.contains(document.activeElement));
  results[at + step]?.querySelector("a").focus();
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (event.target.closest("input, textarea, select, dialog") || !areOn.checked) return;
  if (!Object.hasOwn(SHORTCUTS, event.key)) return;
  event.preventDefault(); // a slash would open Firefox's own search
  SHORTCUTS[event.key]();
});

// Keep the address short: leave out unset filters.
document.addEventListener("formdata", ({ target, formData }) => {
  if (target.id !== "search") return;
  const order = document.getElementById("order");
  if (order?.selectedIndex === 0) formData.delete("order");
  for (const name of ["year_from", "year_to", "language"]) if (!formData.get(name)) formData.delete(name);
});

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-submits]")) event.target.form.requestSubmit();
});

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-keys], [data-copy]");
  if (button?.matches("[data-keys]")) keys.showModal();
  if (button?.matches("[data-copy]")) {
    const text = document.getElementById(button.dataset.copy);
    getSelection().selectAllChildren(text); // the only way without HTTPS
    await navigator.clipboard?.writeText(text.textContent);
    if (navigator.clipboard) say(button.textContent = button.dataset.copied);
  }
});
