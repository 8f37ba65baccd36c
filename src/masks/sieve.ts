/** A test of base names, as a regular expression is one. */
export interface NameTest {
  test(name: string): boolean
}

/**
 * True for every base name that is wanted, and perhaps for some more: what it lets through is looked at closely. It
 * runs once for each file of a project. Names that are written out are in a set: as parts of an expression they would
 * cost a launch more than all else in it, since V8 compiles it anew each time.
 */
export interface Sieve extends NameTest {
  /** Case counts. */
  exact: ReadonlySet<string>
  /**
   * Those that begin with `^` apart from others: an expression that has both is tried at each place of a name and takes
   * three times as long to compile.
   */
  patterns: readonly RegExp[]
}

export function sieveOf(exact: Iterable<string>, patterns: readonly RegExp[] = []): Sieve {
  const names = new Set(exact)
  return {
    exact: names,
    patterns,
    test(name) {
      if (names.has(name)) return true
      for (let at = 0; at < patterns.length; at++) if (patterns[at]!.test(name)) return true
      return false
    },
  }
}

/** True for what one of them lets through. */
export function joined(...sieves: readonly Sieve[]): Sieve {
  return sieveOf(
    sieves.flatMap(({ exact }) => [...exact]),
    [...new Set(sieves.flatMap(({ patterns }) => patterns))],
  )
}

const LONG = 'x'.repeat(1024)

/**
 * The same test, its expressions compiled. V8 translates an expression to bytecode first and, at its second use, to
 * machine code, unless its first subject has 1,000 characters or more: then to machine code at once, which takes a
 * third of the time.
 */
export function compiled<T extends NameTest>(test: T): T {
  test.test(LONG)
  return test
}
