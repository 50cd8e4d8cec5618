// Sends the document of the page to the address of the page, and shows what comes back.
const form = document.getElementById("workbench");
const answer = document.getElementById("answer");
const examples = JSON.parse(document.getElementById("documents").textContent);
const { example, workspace } = form.elements;

function show() {
  const { document: text, needsWorkspace } = examples[example.value];
  const variables = needsWorkspace && workspace ? { workspace: workspace.value } : {};
  form.elements.document.value = text;
  form.elements.variables.value = JSON.stringify(variables);
  answer.textContent = "";
}

async function ask() {
  let variables;
  try {
    variables = JSON.parse(form.elements.variables.value || "{}");
  } catch (error) {
    return `${form.dataset.bad} ${error.message}`;
  }
  const response = await fetch(location.pathname, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRFToken": form.dataset.csrf },
    body: JSON.stringify({ query: form.elements.document.value, variables }),
  });
  const left = response.headers.get("RateLimit-Remaining");
  const text = JSON.stringify(await response.json(), null, 2);
  return left === null ? text : `${text}\n\n${form.dataset.left} ${left}`;
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  answer.textContent = "…";
  ask().then(
    (text) => { answer.textContent = text; },
    (error) => { answer.textContent = `${form.dataset.silent} ${error.message}`; },
  );
});
form.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
});
example.addEventListener("change", show);
workspace?.addEventListener("change", show);
answer.textContent = "";
