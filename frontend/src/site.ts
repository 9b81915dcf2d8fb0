// What every page gains from script, and works without: a form is sent once, however often its button is pressed.
// A form that brings a file leaves the page as it is, and may be sent again: it says so with data-again.

for (const form of document.querySelectorAll<HTMLFormElement>("form[method=post]:not([data-again])")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset["sent"] === "yes") event.preventDefault();
    form.dataset["sent"] = "yes";
    // Going back to the page must find the form usable again.
    window.addEventListener("pageshow", () => delete form.dataset["sent"], { once: true });
  });
}

document.getElementById("problems")?.focus();
