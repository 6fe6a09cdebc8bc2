"""What a browser may load for our pages. The API answers with data: for it, nothing at all."""

from typing import Final

from django.utils.csp import CSP

STRICT: Final[dict[str, list[str]]] = {
    "default-src": [CSP.NONE],
    "base-uri": [CSP.NONE],
    "form-action": [CSP.NONE],
    "frame-ancestors": [CSP.NONE],
}
"""For everything that says nothing else."""

_PAGES: Final[dict[str, list[str]]] = {
    **STRICT,
    "connect-src": [CSP.SELF],
    "font-src": [CSP.SELF],
    "img-src": [CSP.SELF, "data:"],
    "script-src": [CSP.SELF],
    # unfold and swagger-ui write style attributes; no script of a stranger rides on those.
    "style-src": [CSP.SELF, CSP.UNSAFE_INLINE],
}
DOCS: Final[dict[str, list[str]]] = {**_PAGES, "worker-src": [CSP.SELF, "blob:"]}
"""For the API's documentation; redoc searches in a worker."""

ADMIN: Final[dict[str, list[str]]] = {
    **_PAGES,
    "form-action": [CSP.SELF],
    # unfold's Alpine evaluates the expressions in its templates. Inline scripts stay refused.
    "script-src": [CSP.SELF, CSP.UNSAFE_EVAL],
}
"""For the back office."""
