/** A state of a suffix automaton: a set of substrings that end at the same positions. */
interface State {
  /** Length of the longest of these substrings, in characters. */
  length: number;
  /** The suffix link: the state of the longest suffix that ends at more positions. */
  suffix: State | undefined;
  next: Map<string, State>;
  isSecret: boolean;
}

/**
 * Returns for each text whether it contains one of the secrets. Linear in the total length of texts and secrets. Searching each
 * text for each secret would take time proportional to their product, and a job could keep the manager busy for minutes.
 * @param texts without NUL, like all values of an environment
 * @see https://doi.org/10.1016/0304-3975(85)90157-4 (Blumer et al.: the smallest automaton recognizing the subwords of a text)
 */
export function containSecrets(texts: readonly string[], secrets: readonly string[]): boolean[] {
  // A secret without NUL cannot start in one text and end in the next.
  const joined = texts.map((text) => `${text}\0`).join('');
  const { start, states } = substringsOf(joined);
  for (const secret of secrets) {
    const state = secret === '' ? undefined : walk(start, secret);
    if (state) state.isSecret = true;
  }
  // A substring that ends in a secret contains it. Suffixes are shorter, so they come first.
  for (const state of states.sort((one, other) => one.length - other.length)) {
    state.isSecret ||= state.suffix?.isSecret ?? false;
  }
  let at: State | undefined = start;
  return texts.map((text) => {
    let isFound = false;
    for (let index = 0; index <= text.length; index += 1) {
      at = at?.next.get(text[index] ?? '\0');
      if (index < text.length) isFound ||= at?.isSecret ?? false;
    }
    return isFound;
  });
}

function walk(start: State, text: string): State | undefined {
  let at: State | undefined = start;
  for (let index = 0; at && index < text.length; index += 1) at = at.next.get(text.charAt(index));
  return at;
}

/** Builds the suffix automaton of a text, with at most twice as many states as the text has characters. */
function substringsOf(text: string): { start: State; states: State[] } {
  const start = newState(0);
  const states = [start];
  const add = (state: State) => {
    states.push(state);
    return state;
  };
  let last = start;
  for (let index = 0; index < text.length; index += 1) {
    const character = text.charAt(index);
    const longer = add(newState(last.length + 1));
    let at: State | undefined = last;
    for (; at && !at.next.has(character); at = at.suffix) at.next.set(character, longer);
    const found = at?.next.get(character);
    if (!at || !found) longer.suffix = start;
    else if (found.length === at.length + 1) longer.suffix = found;
    else {
      const shorter = add({ ...found, length: at.length + 1, next: new Map(found.next) });
      for (; at?.next.get(character) === found; at = at.suffix) at.next.set(character, shorter);
      found.suffix = shorter;
      longer.suffix = shorter;
    }
    last = longer;
  }
  return { start, states };
}

function newState(length: number): State {
  return { length, suffix: undefined, next: new Map(), isSecret: false };
}
