// Sends the document of the page to the address of the page, and shows what comes back.
const form = document.getElementById("workbench");
const answer = document.getElementById("answer");

async function ask() {
  let variables;
  try {
    variables = JSON.parse(form.elements.variables.value || "{}");
  } catch (error) {
    return `The variables are no JSON: ${error.message}`;
  }
  const response = await fetch(location.pathname, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRFToken": form.dataset.csrf },
    body: JSON.stringify({ query: form.elements.document.value, variables }),
  });
  const left = response.headers.get("RateLimit-Remaining");
  const text = JSON.stringify(await response.json(), null, 2);
  return left === null ? text : `${text}\n\n${left} points are left of this minute.`;
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  answer.textContent = "…";
  ask().then(
    (text) => { answer.textContent = text; },
    (error) => { answer.textContent = `There is no answer: ${error.message}`; },
  );
});
form.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
});
answer.textContent = "";
