// Every page works without this. With it: suggestions while typing, results in place, keys, and buttons that copy.

const ROOT = document.documentElement.dataset.root; // the path that the site is under, "" for none
const PAUSE = 30; // milliseconds without a key stroke before suggestions are asked for

// Have screen readers say a text; {count} in it stands for the number. Emptied first, so that the same is said again.
function say(text, count) {
  const said = document.getElementById("said");
  said.textContent = "";
  setTimeout(() => { said.textContent = text.replace("{count}", count); }, 100);
}

// --- What takes longer than a moment shows that it is under way -------------------------------------------------------

const MOMENT = 400; // milliseconds
const progress = document.getElementById("progress");
const awaited = new Map(); // what is waited for, and the timer that will show it

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

// Another page: the next one comes without the bar. A page that the browser had kept, or a stop, ends it as well.
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
    // While a word is composed from several keys it is not yet typed.
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

  // Show what the site suggests for the text in the box. A later call, or close(), ends an earlier one for good.
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
      if (answer.status === 401) return location.assign(login); // logged out since
      if (!answer.ok) throw new Error(`Suggestions were answered with ${answer.status}.`);
      const { suggestions } = await answer.json();
      signal.throwIfAborted();
      return this.open(suggestions);
    } catch (error) {
      if (signal.aborted) return;
      console.warn(error);
      this.close(); // a reader can search without
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

  // Make an option the active one; with null the box itself is.
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
    if (event.isComposing || event.keyCode === 229) return; // Safari's Enter that ends a composition is a 229
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
      if (at >= 0) event.preventDefault(); // else the form is sent
      this.choose(options[at]);
    } else if (event.key === "Escape") {
      event.preventDefault(); // some browsers clear the box at once
      if (this.list.hidden) this.input.value = "";
      this.close();
    } else if (["ArrowLeft", "ArrowRight", "Home", "End"].includes(event.key)) {
      this.point(null); // and the cursor moves in the box
    }
  }
}

customElements.define("search-box", SearchBox);

// --- Results in place: from one search to the next only what differs is exchanged -----------------------------------

// The browser keeps address, history and scrolling. One that has no Navigation API loads the page, as without script.
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
    if (answer.redirected || answer.status >= 500) throw new Error(`The search was answered with ${answer.status}.`);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    signal.throwIfAborted();
    const [old, now] = [document, page].map((one) => [...one.querySelectorAll("body > :is(header, main, footer)")]);
    if (now.length !== old.length) throw new Error("The search was answered with another page.");
    old.forEach((part, number) => part.replaceWith(now[number]));
    document.title = page.title;
    localise();
    finish("page");
  } catch (error) {
    if (signal.aborted) return;
    console.warn(error);
    location.reload(); // the address is the new one already: the browser gets the page, or says what is wrong
    return;
  }
  const heading = document.querySelector("main h1");
  if (heading) heading.tabIndex = -1;
  const control = sorting && document.getElementById(sorting);
  (document.querySelector("main [aria-invalid=true]") ?? (control || heading))?.focus({ preventScroll: true });
  say(document.getElementById("said").dataset.results, document.querySelectorAll(".results > li").length);
}

// --- Drafts: what is typed stays in this tab, by account and form, until it is sent ---------------------------------

const DRAFT = "draft ";

function keepDraft(form) {
  const key = `${DRAFT}${form.dataset.account} ${form.getAttribute("action")}`;
  const fields = () => [...new FormData(form)].filter(([name]) => name !== "csrf_token");
  const before = JSON.stringify(fields());
  const draft = JSON.parse(sessionStorage[key] ?? null);
  const { restored = null } = form.dataset; // the draft that the server has put into the form
  // It is newer than what is kept here, unless this was typed after it: then it was there already.
  if (draft && JSON.stringify(draft.fields) !== before && (!restored || draft.restored === restored)) {
    for (const [name, value] of draft.fields) {
      const field = form.elements[name];
      if (field) field.value = value; // of radio buttons, too: form.elements has all of one name together
    }
    form.querySelector("[data-draft]").hidden = false;
  }
  form.addEventListener("input", () => { sessionStorage[key] = JSON.stringify({ restored, fields: fields() }); });
  form.addEventListener("submit", () => { sessionStorage[`${DRAFT}sent`] = key; });
  form.addEventListener("reset", () => {
    delete sessionStorage[key];
    form.querySelector("[data-draft]").hidden = true;
  });
}

try {
  const { done } = document.documentElement.dataset;
  const isOver = (key) => key.startsWith(DRAFT) && (done === "logged-out" || key === sessionStorage[`${DRAFT}sent`]);
  if (done) Object.keys(sessionStorage).filter(isOver).forEach((key) => { delete sessionStorage[key]; });
  delete sessionStorage[`${DRAFT}sent`];
  // What stands in the search box and in the filters, when the language or the theme is changed.
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
} catch (error) { // a browser that may store nothing
  console.warn(error);
}

// --- Times in the reader's zone ---------------------------------------------------------------------------------------

function localise() {
  const language = document.documentElement.lang === "en" ? "en-GB" : document.documentElement.lang; // as the server has it
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
} catch { // a browser that may store nothing: the choice holds for this page
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
  event.preventDefault(); // a slash opens Firefox's own search
  SHORTCUTS[event.key]();
});

// An address says only what differs from a search without filters.
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
    getSelection().selectAllChildren(text); // all that can be done where the site is not served over HTTPS
    await navigator.clipboard?.writeText(text.textContent);
    if (navigator.clipboard) say(button.textContent = button.dataset.copied);
  }
});
