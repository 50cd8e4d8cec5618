// Ask the browser for a passkey: to make one, to sign in, or to confirm that it is you. A form with
// data-passkey says which; its button shows itself where the browser can do that at all.
"use strict";

function bytes(text) {
  const padded = text.replace(/-/g, "+").replace(/_/g, "/");
  return Uint8Array.from(atob(padded), (one) => one.charCodeAt(0));
}

function text(buffer) {
  const joined = Array.from(new Uint8Array(buffer), (one) => String.fromCharCode(one)).join("");
  return btoa(joined).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

// What the server writes as text, the browser wants as bytes.
function asked({ publicKey }) {
  const known = (list) => (list || []).map((one) => ({ ...one, id: bytes(one.id) }));
  const options = { ...publicKey, challenge: bytes(publicKey.challenge) };
  if (options.user) options.user = { ...options.user, id: bytes(options.user.id) };
  if (options.excludeCredentials) options.excludeCredentials = known(options.excludeCredentials);
  if (options.allowCredentials) options.allowCredentials = known(options.allowCredentials);
  return { publicKey: options };
}

function answer(credential) {
  const response = {};
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (credential.response[name]) response[name] = text(credential.response[name]);
  }
  return {
    id: credential.id,
    rawId: text(credential.rawId),
    type: credential.type,
    response,
    clientExtensionResults: credential.getClientExtensionResults(),
  };
}

async function options(form) {
  if (form.dataset.options) return JSON.parse(form.dataset.options);
  const got = await fetch(form.action, { headers: { Accept: "application/json", "X-Requested-With": "XMLHttpRequest" } });
  if (!got.ok) throw new Error(String(got.status));
  return (await got.json()).request_options;
}

async function send(form, button, said) {
  said.hidden = true;
  button.disabled = true;
  try {
    const wanted = asked(await options(form));
    const isNew = form.dataset.passkey === "create";
    const credential = await (isNew ? navigator.credentials.create(wanted) : navigator.credentials.get(wanted));
    form.elements.credential.value = JSON.stringify(answer(credential));
    form.submit();
  } catch (error) {
    // The person closed the browser's dialog, took too long, or the device has it already.
    said.textContent = error.name === "InvalidStateError" ? said.dataset.known : said.dataset.failed;
    said.hidden = false;
    button.disabled = false;
    button.focus();
  }
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  const button = form.querySelector("[data-passkey-button]");
  const said = form.querySelector("[data-passkey-said]");
  const without = form.querySelector("[data-passkey-without]");
  if (window.PublicKeyCredential) {
    button.hidden = false;
    if (without) without.hidden = true;
  }
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send(form, button, said);
  });
}
