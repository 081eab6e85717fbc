// An editor for YAML or JSON, in which mistakes are marked. The key Tab moves the focus to the next field of the page.

import { defaultKeymap, history, historyKeymap, isolateHistory } from "@codemirror/commands";
import { yaml } from "@codemirror/lang-yaml";
import { HighlightStyle, bracketMatching, indentOnInput, syntaxHighlighting } from "@codemirror/language";
import { forEachDiagnostic, lintGutter, lintKeymap, setDiagnostics, type Diagnostic } from "@codemirror/lint";
import { EditorState, RangeSetBuilder, StateField } from "@codemirror/state";
import { Decoration, EditorView, ViewPlugin, drawSelection, highlightActiveLine, highlightActiveLineGutter, keymap, lineNumbers, showTooltip, type DecorationSet, type Tooltip, type ViewUpdate } from "@codemirror/view";
import { tags } from "@lezer/highlight";

import { element, prose } from "./dom";
import type { Problem, Span } from "./yaml";

/** A place to mark, with its message. */
export interface Marked extends Problem {
  severity: "error" | "warning" | "info";
}

/** The nonce with which the page's Content-Security-Policy allows the editor's styles. */
const NONCE = document.querySelector<HTMLStyleElement>("style[nonce]")?.nonce ?? "";

const COLOURS = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: "var(--code-key)" },
  { tag: [tags.string, tags.content, tags.attributeValue], color: "var(--code-text)" },
  { tag: [tags.number, tags.bool, tags.null, tags.keyword, tags.labelName, tags.typeName], color: "var(--code-value)" },
  { tag: tags.comment, color: "var(--quiet)", fontStyle: "italic" },
  { tag: [tags.punctuation, tags.separator, tags.bracket, tags.squareBracket, tags.brace, tags.meta], color: "var(--quiet)" },
]);

/** The tooltip with the messages of the marks at the cursor, for users who have no mouse. */
const ATCURSOR = StateField.define<Tooltip | null>({
  create: () => null,
  update: (before, { state, docChanged, selection }) => {
    if (docChanged) return null;
    if (!selection) return before;
    const { head, empty } = state.selection.main;
    const messages: string[] = [];
    forEachDiagnostic(state, ({ message }, from, to) => {
      if (empty && from <= head && head <= to) messages.push(message);
    });
    if (messages.length === 0) return null;
    return {
      pos: head,
      above: true,
      create: () => ({ dom: element("div", { class: "at-cursor", role: "status" }, ...messages.map((message) => element("p", {}, ...prose(message)))) }),
    };
  },
  provide: (field) => showTooltip.from(field),
});

/** Characters between which a line does not break. */
const WHOLE = Decoration.mark({ class: "whole" });

/** Indents the rest of a long line like its start, so that wrapped JSON and YAML keep their shape. */
const HANGING = ViewPlugin.fromClass(
  class {
    decorations: DecorationSet;

    constructor(view: EditorView) {
      this.decorations = wrapping(view);
    }

    update({ docChanged, viewportChanged, view }: ViewUpdate): void {
      if (docChanged || viewportChanged) this.decorations = wrapping(view);
    }
  },
  { decorations: ({ decorations }) => decorations },
);

function wrapping(view: EditorView): DecorationSet {
  const found = new RangeSetBuilder<Decoration>();
  for (const { from, to } of view.visibleRanges) {
    for (let at = from; at <= to; ) {
      const line = view.state.doc.lineAt(at);
      // The items of a list are indented like their text.
      const indent = /^[ ]*(?:- )*/.exec(line.text)?.[0].length ?? 0;
      if (indent > 0) found.add(line.from, line.from, Decoration.line({ class: "hanging", attributes: { style: `--indent: ${indent}ch` } }));
      // The first word stays behind its indentation, and `us-east-2` is one word.
      for (const { 0: whole, index } of line.text.matchAll(/^ +\S|-\S/g)) found.add(line.from + index, line.from + index + whole.length, WHOLE);
      at = line.to + 1;
    }
  }
  return found.finish();
}

/** The functions that an editor calls. */
export interface Listener {
  changed: () => void;
  /**
   * Moves a pasted text to the field where it belongs. Returns `false` if the text belongs into this editor. `isWhole`:
   * the pasted text would replace the whole text of the editor.
   */
  pasted: (text: string, isWhole: boolean) => boolean;
}

export class Editor {
  private readonly view: EditorView;
  private silent = false;

  constructor(parent: HTMLElement, label: string, { changed, pasted }: Listener) {
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
          HANGING,
          EditorView.contentAttributes.of({ "aria-label": label, tabindex: "0", spellcheck: "false", autocorrect: "off", autocapitalize: "off" }),
          ATCURSOR,
          EditorView.updateListener.of((update) => {
            if (update.docChanged && !this.silent) changed();
          }),
          EditorView.domEventHandlers({
            paste: (event, { state }) => {
              const { from, to } = state.selection.main;
              const isWhole = state.sliceDoc(0, from).trim() === "" && state.sliceDoc(to).trim() === "";
              if (!pasted(event.clipboardData?.getData("text/plain") ?? "", isWhole)) return false;
              event.preventDefault();
              return true;
            },
          }),
        ],
      }),
    });
  }

  get text(): string {
    return this.view.state.doc.toString();
  }

  /** Replaces the text, as one step that the user can undo. Does not call `changed`. */
  set text(text: string) {
    if (text === this.text) return;
    this.silent = true;
    this.view.dispatch({ changes: { from: 0, to: this.view.state.doc.length, insert: text }, annotations: isolateHistory.of("full") });
    this.silent = false;
  }

  /** Marks these places, and removes all other marks. */
  mark(marks: Marked[]): void {
    const { length } = this.view.state.doc;
    const diagnostics = marks.map(({ from, to, message, severity }): Diagnostic => {
      const start = Math.min(from, Math.max(length - 1, 0));
      return { from: start, to: Math.min(Math.max(to, start + 1), length), severity, message, renderMessage: () => element("span", {}, ...prose(message)) };
    });
    this.view.dispatch(setDiagnostics(this.view.state, diagnostics.sort((one, other) => one.from - other.from)));
  }

  /** Scrolls a place into view, within the editor. The focus and the page stay where they are. */
  show({ from }: Span): void {
    this.view.requestMeasure({
      // The text may be shorter by the time the view is measured.
      read: (view) => view.lineBlockAt(Math.min(from, view.state.doc.length)).top - view.scrollDOM.clientHeight / 8,
      write: (top, view) => view.scrollDOM.scrollTo({ top }),
    });
  }

  /** Puts the cursor at an offset, which highlights its line, and scrolls to it. The focus and the page stay where they are. */
  point(offset: number): void {
    const anchor = Math.min(offset, this.view.state.doc.length);
    this.view.dispatch({ selection: { anchor } });
    this.show({ from: anchor, to: anchor });
  }

  /** Measures the lines again. Required when the editor becomes visible, because a hidden editor has no size. */
  measure(): void {
    this.view.requestMeasure();
  }

  /** The number of the line that contains an offset. The first line is 1. */
  line(offset: number): number {
    return this.view.state.doc.lineAt(Math.min(offset, Math.max(this.view.state.doc.length - 1, 0))).number;
  }

  /** Focuses the editor, and puts the cursor at an offset, if one is passed. */
  focus(offset?: number): void {
    this.view.focus();
    if (offset === undefined) return;
    const anchor = Math.min(offset, this.view.state.doc.length);
    this.view.dispatch({ selection: { anchor }, effects: EditorView.scrollIntoView(anchor, { y: "center" }) });
  }
}
