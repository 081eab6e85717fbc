// Compares two versions of an object line by line, as YAML, by their longest common subsequence. Three unchanged lines
// around each change are kept.

export interface Line {
  kind: "same" | "added" | "removed" | "left-out";
  text: string;
}

const AROUND = 3;

export function diff(before: string, after: string): Line[] {
  return shorten(lines(before.split("\n"), after.split("\n")));
}

/** The lines of both versions, each as same, added or removed. */
function lines(before: string[], after: string[]): Line[] {
  const width = after.length + 1;
  const common = new Uint32Array((before.length + 1) * width);
  const at = (row: number, column: number): number => common[row * width + column] ?? 0;
  for (let row = before.length - 1; row >= 0; row--) {
    for (let column = after.length - 1; column >= 0; column--) {
      common[row * width + column] =
        before[row] === after[column] ? at(row + 1, column + 1) + 1 : Math.max(at(row + 1, column), at(row, column + 1));
    }
  }
  const found: Line[] = [];
  let row = 0;
  let column = 0;
  while (row < before.length || column < after.length) {
    const [old, made] = [before[row], after[column]];
    if (old !== undefined && old === made) {
      found.push({ kind: "same", text: old });
      row++;
      column++;
    } else if (made !== undefined && (old === undefined || at(row, column + 1) > at(row + 1, column))) {
      found.push({ kind: "added", text: made });
      column++;
    } else {
      found.push({ kind: "removed", text: old ?? "" });
      row++;
    }
  }
  return found;
}

/** Replaces the lines that are far from any change by `…`. */
function shorten(all: Line[]): Line[] {
  const near = all.map((_, index) => all.slice(Math.max(index - AROUND, 0), index + AROUND + 1).some(({ kind }) => kind !== "same"));
  return all.flatMap((line, index) => {
    if (near[index]) return [line];
    return index === 0 || near[index - 1] ? [{ kind: "left-out" as const, text: "…" }] : [];
  });
}
