// What every page gains from script, and works without: a form is sent once, however often its button is pressed.

for (const form of document.querySelectorAll("form")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset["sent"] === "yes") event.preventDefault();
    form.dataset["sent"] = "yes";
    // Going back to the page must find the form usable again.
    window.addEventListener("pageshow", () => delete form.dataset["sent"], { once: true });
  });
}

document.getElementById("problems")?.focus();
