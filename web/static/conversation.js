// A conversation asks for what is new only while it is looked at: what is shown is read.
document.body.addEventListener("htmx:beforeRequest", (event) => {
  if (document.hidden) event.preventDefault();
});
