// An editor of YAML or JSON, with what is wrong marked in place. Tab leaves it, as every field of a page.

import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { yaml } from "@codemirror/lang-yaml";
import { HighlightStyle, bracketMatching, indentOnInput, syntaxHighlighting } from "@codemirror/language";
import { lintGutter, lintKeymap, setDiagnostics, type Diagnostic } from "@codemirror/lint";
import { EditorState } from "@codemirror/state";
import { EditorView, drawSelection, highlightActiveLine, highlightActiveLineGutter, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";

import { element, prose } from "./dom";
import type { Problem } from "./yaml";

/** Where the page's Content-Security-Policy expects the editor's styles to come from. */
const NONCE = document.querySelector<HTMLStyleElement>("style[nonce]")?.nonce ?? "";

const COLOURS = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: "var(--code-key)" },
  { tag: [tags.string, tags.content, tags.attributeValue], color: "var(--code-text)" },
  { tag: [tags.number, tags.bool, tags.null, tags.keyword, tags.labelName, tags.typeName], color: "var(--code-value)" },
  { tag: tags.comment, color: "var(--quiet)", fontStyle: "italic" },
  { tag: [tags.punctuation, tags.separator, tags.bracket, tags.squareBracket, tags.brace, tags.meta], color: "var(--quiet)" },
]);

export class Editor {
  private readonly view: EditorView;
  private silent = false;

  constructor(parent: HTMLElement, label: string, onChange: () => void) {
    this.view = new EditorView({
      parent,
      state: EditorState.create({
        extensions: [
          EditorView.cspNonce.of(NONCE),
          lineNumbers(),
          lintGutter(),
          history(),
          drawSelection(),
          highlightActiveLine(),
          highlightActiveLineGutter(),
          indentOnInput(),
          bracketMatching(),
          yaml(),
          syntaxHighlighting(COLOURS),
          keymap.of([...defaultKeymap, ...historyKeymap, ...lintKeymap]),
          EditorView.lineWrapping,
          EditorView.contentAttributes.of({ "aria-label": label, tabindex: "0", spellcheck: "false", autocorrect: "off", autocapitalize: "off" }),
          EditorView.updateListener.of((update) => {
            if (update.docChanged && !this.silent) onChange();
          }),
        ],
      }),
    });
  }

  get text(): string {
    return this.view.state.doc.toString();
  }

  /** Replaces the text, without telling that it changed. */
  set text(text: string) {
    if (text === this.text) return;
    this.silent = true;
    this.view.dispatch({ changes: { from: 0, to: this.view.state.doc.length, insert: text } });
    this.silent = false;
  }

  /** Marks what is wrong, and nothing else. */
  mark(problems: Problem[]): void {
    const { length } = this.view.state.doc;
    const diagnostics = problems.map(({ from, to, message }): Diagnostic => {
      const start = Math.min(from, Math.max(length - 1, 0));
      return { from: start, to: Math.min(Math.max(to, start + 1), length), severity: "error", message, renderMessage: () => element("span", {}, ...prose(message)) };
    });
    this.view.dispatch(setDiagnostics(this.view.state, diagnostics));
  }

  /** Measures its lines anew: it was made where it was not seen. */
  measure(): void {
    this.view.requestMeasure();
  }

  /** The line, from 1, of an offset. */
  line(offset: number): number {
    return this.view.state.doc.lineAt(Math.min(offset, this.view.state.doc.length)).number;
  }

  /** Puts the cursor there. */
  focus(offset?: number): void {
    this.view.focus();
    if (offset === undefined) return;
    const anchor = Math.min(offset, this.view.state.doc.length);
    this.view.dispatch({ selection: { anchor }, effects: EditorView.scrollIntoView(anchor, { y: "center" }) });
  }
}
