// What every page gains from script, and works without: a form is sent once, however often its button is pressed.
// A form that brings a file leaves the page as it is, and may be sent again: it says so with data-again.

import { forgetPages } from "./offline/pages";

for (const form of document.querySelectorAll<HTMLFormElement>("form[method=post]:not([data-again])")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset["sent"] === "yes") event.preventDefault();
    form.dataset["sent"] = "yes";
    // Going back to the page must find the form usable again.
    window.addEventListener("pageshow", () => delete form.dataset["sent"], { once: true });
  });
}

// Signing out leaves no kept page behind. The phone page asks first about what waits (patrol.ts); from any other page it
// stays sealed until its account signs in again.
const out = document.querySelector<HTMLFormElement>('form[action="/sign-out/"]');
if (document.getElementById("told") === null) {
  out?.addEventListener("submit", (event) => {
    event.preventDefault();
    void forgetPages()
      .catch(() => undefined)
      .then(() => out.submit());
  });
}

document.getElementById("problems")?.focus();
