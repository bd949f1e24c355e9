"""Templates, compiled once for each language with their translations in them as constants.

A page says some forty things of its own. Looked up in every answer, they cost more than what it says about books.
"""

import hashlib
import re
from collections.abc import Iterator, MutableMapping
from pathlib import Path
from typing import Any, Self

from babel.support import Translations
from flask import has_request_context
from flask.sansio.app import App
from flask.templating import Environment
from flask_babel import get_locale, get_translations
from jinja2 import BytecodeCache, Template, nodes, pass_eval_context
from jinja2.bccache import Bucket
from jinja2.compiler import CodeGenerator, Frame
from jinja2.environment import Environment as JinjaEnvironment
from jinja2.nodes import EvalContext
from jinja2.visitor import NodeTransformer
from markupsafe import Markup

_GETTEXT = ("_", "gettext")
_NGETTEXT = "ngettext"
_PLACEHOLDER = re.compile(r"%\((\w+)\)s|%%|%")


class TranslatedCode(CodeGenerator):
    """The code of a template, translated where its environment is one of a language."""

    def visit_Template(self, node: nodes.Template, frame: Frame | None = None) -> None:  # noqa: N802  # Jinja's name
        """Translate the template, then write its code."""
        translations = getattr(self.environment, "translations", None)
        if translations is not None:
            _Translator(translations, node).visit(node)
        super().visit_Template(node, frame)


class TranslatedEnvironment(Environment):
    """Flask's templates. In a request they come from an overlay for its language, which is made when it is first used.

    Overlays share globals, filters and tests with the environment that they belong to; their templates are their own.
    """

    code_generator_class = TranslatedCode

    def __init__(self, app: App, **options: Any) -> None:
        super().__init__(app, **options)
        self.translations: Translations | None = None  # of an overlay
        self._overlays: dict[str, Self] = {}

    def get_template(
        self, name: str | Template, parent: str | None = None, globals: MutableMapping[str, Any] | None = None
    ) -> Template:
        """Return the template in the language of this request."""
        if self.translations is None and has_request_context():
            return self._overlay().get_template(name, parent, globals)
        return super().get_template(name, parent, globals)

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """Return what the templates know. Where none has globals of its own it is a dict, whose keys Jinja compares
        quicker at every import than those of a chain."""
        return super().make_globals(d) if d else self.globals

    @pass_eval_context
    def translated_plural(
        self, context: EvalContext, singular: str, plural: str, number: int, /, **values: Any
    ) -> str | Markup:
        """Return the form of a message for this number; what templates call in place of ngettext()."""
        text: str = (self.translations or get_translations()).ungettext(singular, plural, number)
        return (Markup(text) if context.autoescape else text) % {"num": number, **values}  # noqa: S704  # a translation

    def _overlay(self) -> Self:
        """Return the environment for the language of this request."""
        locale = str(get_locale())
        if locale not in self._overlays:
            translations = get_translations()
            made = self.overlay()
            made.translations = translations
            if self.bytecode_cache is not None:
                made.bytecode_cache = _TranslatedBytecode(self.bytecode_cache, locale, translations)
            self._overlays.setdefault(locale, made)  # another thread may have been quicker
        return self._overlays[locale]


class _TranslatedBytecode(BytecodeCache):
    """Compiled templates of one language, beside those of others. Other translations make them stale."""

    def __init__(self, cache: BytecodeCache, locale: str, translations: Translations) -> None:
        self._cache = cache
        self._locale = locale
        digests = (hashlib.sha256(Path(file).read_bytes()).hexdigest() for file in translations.files)
        self._version = " ".join(digests)

    def get_bucket(self, environment: JinjaEnvironment, name: str, filename: str | None, source: str) -> Bucket:
        """Return what is kept of the template in this language."""
        return self._cache.get_bucket(environment, f"{self._locale}/{name}", filename, self._version + source)

    def set_bucket(self, bucket: Bucket) -> None:
        """Keep it."""
        self._cache.set_bucket(bucket)

    def clear(self) -> None:
        """Forget the templates of all languages."""
        self._cache.clear()


class _Translator(NodeTransformer):
    """Puts translations in the place of calls of gettext() with a message that is known; a {% trans %} is one, too.

    What it leaves says the same as Jinja's own calls: text that is safe, with values that are escaped.
    """

    def __init__(self, translations: Translations, template: nodes.Template) -> None:
        self._translations = translations
        self._own = set(_own_names(template))

    def visit_Call(self, node: nodes.Call) -> nodes.Node:  # noqa: N802
        """Return what the call is replaced with, itself if it is none of a message."""
        self.generic_visit(node)
        called = node.node
        if not isinstance(called, nodes.Name) or called.name in self._own or node.dyn_args or node.dyn_kwargs:
            return node
        messages = [argument.value for argument in node.args if isinstance(argument, nodes.Const)]
        if called.name in _GETTEXT and len(messages) == len(node.args) == 1:
            return self._translated(messages[0], node.kwargs).set_lineno(node.lineno)
        if called.name == _NGETTEXT and len(node.args) == 3:
            node.node = nodes.EnvironmentAttribute("translated_plural")
            node.set_lineno(node.lineno)
        return node

    def visit_Output(self, node: nodes.Output) -> nodes.Node:  # noqa: N802
        """Return the statement with the pieces of each message beside its values, which saves formatting it."""
        self.generic_visit(node)
        node.nodes = [piece for child in node.nodes for piece in _pieces(child)]
        return node

    def _translated(self, message: str, values: list[nodes.Keyword]) -> nodes.Expr:
        text: str = self._translations.ugettext(message)
        if not values:
            return nodes.MarkSafeIfAutoescape(nodes.Const(text % {}))  # %% is a percent sign there
        named = [nodes.Pair(nodes.Const(value.key), value.value) for value in values]
        return nodes.Mod(nodes.MarkSafeIfAutoescape(nodes.Const(text)), nodes.Dict(named))


def _own_names(template: nodes.Template) -> Iterator[str]:
    """Yield the names that mean something of the template's own in it."""
    for node in template.find_all((nodes.Name, nodes.Macro, nodes.Import, nodes.FromImport)):
        match node:
            case nodes.Name(name=name, ctx=use) if use != "load":
                yield name
            case nodes.Macro(name=name) | nodes.Import(target=name):
                yield name
            case nodes.FromImport(names=names):
                yield from (name if isinstance(name, str) else name[1] for name in names)


def _pieces(child: nodes.Expr) -> Iterator[nodes.Expr]:
    """Yield the texts and values that a message consists of, or the expression as it is."""
    match child:
        case nodes.Mod(left=nodes.MarkSafeIfAutoescape(expr=nodes.Const(value=text)), right=nodes.Dict(items=items)):
            values = {pair.key.as_const(): pair.value for pair in items}
            found = list(_PLACEHOLDER.finditer(text))
            names = [placeholder[1] for placeholder in found if placeholder[1]]
            if len(set(names)) < len(names) or any(placeholder[0] == "%" for placeholder in found):
                yield child
                return
            start = 0
            for placeholder in found:
                literal = text[start : placeholder.start()] + ("" if placeholder[1] else "%")
                yield nodes.MarkSafeIfAutoescape(nodes.Const(literal))
                if placeholder[1]:
                    yield values[placeholder[1]]
                start = placeholder.end()
            yield nodes.MarkSafeIfAutoescape(nodes.Const(text[start:]))
        case _:
            yield child
