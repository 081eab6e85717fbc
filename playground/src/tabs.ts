// Tabs that follow the ARIA Authoring Practices: the arrow keys, Home and End choose a tab, and the key Tab moves the
// focus into the panel.

export class Tabs {
  private readonly tabs: HTMLElement[];

  constructor(
    list: HTMLElement,
    private readonly onShow: () => void,
  ) {
    this.tabs = [...list.querySelectorAll<HTMLElement>("[role=tab]")];
    for (const tab of this.tabs) tab.addEventListener("click", () => this.choose(tab));
    list.addEventListener("keydown", (event) => this.move(event));
  }

  /** Shows the panel that contains the element. */
  reveal(inside: Element): void {
    const panel = inside.closest("[role=tabpanel]");
    const tab = this.tabs.find((one) => one.getAttribute("aria-controls") === panel?.id);
    if (tab) this.choose(tab);
  }

  /** Marks the tab of each panel that contains one of these elements, with the worst severity in the panel. */
  mark(wrong: [inside: Element, severity: "error" | "warning"][]): void {
    const errors = panels(wrong.filter(([, severity]) => severity === "error"));
    const warnings = panels(wrong);
    for (const tab of this.tabs) {
      const panel = tab.getAttribute("aria-controls") ?? "";
      const isWrong = errors.has(panel);
      const isRisky = !isWrong && warnings.has(panel);
      tab.classList.toggle("wrong", isWrong);
      tab.classList.toggle("risky", isRisky);
      tab.querySelector(".spoken")?.replaceChildren(isWrong ? " (contains an error)" : isRisky ? " (contains a warning)" : "");
    }
  }

  private choose(chosen: HTMLElement): void {
    for (const tab of this.tabs) {
      const isChosen = tab === chosen;
      tab.setAttribute("aria-selected", String(isChosen));
      tab.tabIndex = isChosen ? 0 : -1;
      document.getElementById(tab.getAttribute("aria-controls") ?? "")?.toggleAttribute("hidden", !isChosen);
    }
    this.onShow();
  }

  private move(event: KeyboardEvent): void {
    const at = this.tabs.findIndex((tab) => tab === event.target);
    const last = this.tabs.length - 1;
    const to = { ArrowRight: at === last ? 0 : at + 1, ArrowLeft: at === 0 ? last : at - 1, Home: 0, End: last }[event.key];
    const tab = to === undefined ? undefined : this.tabs[to];
    if (!tab) return;
    event.preventDefault();
    this.choose(tab);
    tab.focus();
  }
}

function panels(wrong: [inside: Element, severity: string][]): Set<string | undefined> {
  return new Set(wrong.map(([inside]) => inside.closest("[role=tabpanel]")?.id));
}
