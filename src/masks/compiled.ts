const LONG = 'x'.repeat(1024)

/**
 * The same expression, compiled. V8 translates an expression to bytecode first and, at its second use, to
 * machine code, unless its first subject has 1,000 characters or more: then to machine code at once. For
 * the sieve that is 1.5 ms at each launch instead of 11.
 */
export function compiled(regex: RegExp): RegExp {
  regex.test(LONG)
  return regex
}
