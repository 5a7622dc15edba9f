/** A set of substrings that end at the same places of the texts. */
interface State {
  /** Characters of the longest of them. */
  length: number;
  /** The state of the longest of its suffixes that ends at more places. */
  suffix: State | undefined;
  next: Map<string, State>;
  isSecret: boolean;
}

/**
 * Says of each text whether it holds one of the secrets. Its time grows with the length of all texts and secrets together:
 * searching each text for each secret grows with their product, which a job can make minutes of the manager's time.
 * @param texts without NUL, as all values of an environment are
 * @see https://doi.org/10.1016/0304-3975(85)90157-4 (Blumer et al.: the smallest automaton recognizing the subwords of a text)
 */
export function holdSecrets(texts: readonly string[], secrets: readonly string[]): boolean[] {
  // A secret without NUL cannot begin in one text and end in the next.
  const joined = texts.map((text) => `${text}\0`).join('');
  const { start, states } = substringsOf(joined);
  for (const secret of secrets) {
    const state = secret === '' ? undefined : walk(start, secret);
    if (state) state.isSecret = true;
  }
  // What ends in a secret holds one; a suffix is shorter than what it is a suffix of.
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

/** The automaton of all substrings of a text. It has at most twice as many states as the text has characters. */
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
