const WORDS =
  'TOKEN|SECRET|SECRETS|PASSWORD|PASSWD|PASSPHRASE|PWD|CREDENTIAL|CREDENTIALS|APIKEY|KEY|KEYS|PAT|DSN|AUTH|COOKIE|WEBHOOK'
const SECRET = new RegExp(`(?:^|_)(?:${WORDS})(?:_|\\d*$)|(?:TOKEN|SECRET|PASSWORD|APIKEY)$`, 'i')

/** Of the shell, in spite of their names. */
const HARMLESS = new Set(['PWD', 'OLDPWD', 'SSH_AUTH_SOCK'])

/** Does a variable's name look like that of a secret? The value is never looked at. Pure. */
export function looksSecret(name: string): boolean {
  return SECRET.test(name) && !HARMLESS.has(name)
}
