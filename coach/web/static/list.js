// Keeps the addresses of filtered lists short: fields left empty are not sent.

const form = document.querySelector("form.filters");

form?.addEventListener("formdata", (event) => {
  for (const [name, value] of [...event.formData.entries()]) {
    const isDefault = name === "order" && value === form.elements.order?.options[0].value;
    if (value === "" || isDefault) event.formData.delete(name);
  }
});

form?.elements.order?.addEventListener("change", () => form.requestSubmit());
