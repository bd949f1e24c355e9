// Passkeys. Before a form[data-passkey] is sent, the browser is asked for a passkey: to make one, or to log in with one.
// The form stays hidden where scripts or passkeys are missing; everything else works without this script.

const isSupported = Boolean(window.PublicKeyCredential?.parseCreationOptionsFromJSON);

function show(form, text) {
  const error = form.querySelector("[data-passkey-error]");
  error.querySelector("span").textContent = text;
  error.hidden = !text;
  if (text) error.focus();
}

async function question(form) {
  const response = await fetch(form.dataset.question, { method: "POST", body: new URLSearchParams(new FormData(form)) });
  const answer = await response.json();
  if (!response.ok) throw new RangeError(answer.error);
  return answer;
}

async function answer(form, options) {
  if (form.dataset.passkey === "create") {
    return navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) });
  }
  return navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) });
}

async function send(event) {
  const form = event.target;
  const field = form.elements.credential;
  if (field.value) return; // the browser's own submission follows
  event.preventDefault();
  show(form, "");
  try {
    field.value = JSON.stringify((await answer(form, await question(form))).toJSON());
  } catch (error) {
    // RangeError: the server's words. Else the reader has cancelled, the authenticator refused, or the network is down.
    show(form, error instanceof RangeError && error.message ? error.message : form.dataset.failed);
    return;
  }
  form.requestSubmit();
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  form.hidden = !isSupported;
  form.addEventListener("submit", send);
}
for (const note of document.querySelectorAll("[data-passkey-missing]")) note.hidden = isSupported;
// A page from the back/forward cache must not send an old answer.
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-passkey]")) form.elements.credential.value = "";
});
