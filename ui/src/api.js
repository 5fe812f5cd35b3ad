// Shows the description of the interface in the viewer, where the page leaves room for it.
"use strict";

(() => {
    const place = document.getElementById("viewer");
    if (!place || typeof SwaggerUIBundle !== "function") {
        return;
    }
    place.hidden = false;
    SwaggerUIBundle({
        url: place.dataset.openapi,
        domNode: place,
        deepLinking: true,
        docExpansion: "none",
        filter: true,
        tryItOutEnabled: true,
        defaultModelsExpandDepth: -1,
        displayRequestDuration: true,
        // Nothing is sent to anybody else.
        validatorUrl: null,
        syntaxHighlight: { activated: false },
    });
})();
