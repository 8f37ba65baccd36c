/**
 * Credentials that secretlint's recommended rules do not know, by the prefix that their makers gave them so
 * that they can be found. Pure data. A pattern must be sure: no bare hexadecimal numbers, no "password =".
 */
export interface CredentialRule {
  id: string
  what: string
  /** Flags `g`. */
  pattern: RegExp
}

const rule = (id: string, what: string, pattern: RegExp): CredentialRule => ({ id, what, pattern })

export const credentialRules: readonly CredentialRule[] = [
  rule('anthropic', 'Anthropic API key', /\bsk-ant-(?:api|admin|oat|ort)\d{2}-[\w-]{60,}/g),
  rule('openrouter', 'OpenRouter API key', /\bsk-or-v1-[0-9a-f]{64}\b/g),
  rule('groq', 'Groq API key', /\bgsk_[A-Za-z0-9]{48,}\b/g),
  rule('xai', 'xAI API key', /\bxai-[A-Za-z0-9]{70,}\b/g),
  rule('perplexity', 'Perplexity API key', /\bpplx-[A-Za-z0-9]{40,}\b/g),
  rule('replicate', 'Replicate token', /\br8_[A-Za-z0-9]{37}\b/g),
  rule('huggingface', 'Hugging Face token', /\bhf_[A-Za-z]{34,}\b/g),
  rule('google', 'Google API key', /\bAIza[\w-]{35}(?![\w-])/g),
  rule('google-oauth', 'Google OAuth client secret', /\bGOCSPX-[\w-]{28}(?![\w-])/g),
  rule('stripe', 'Stripe secret key', /\b[sr]k_live_[A-Za-z0-9]{20,}\b/g),
  rule('stripe-webhook', 'Stripe webhook secret', /\bwhsec_[A-Za-z0-9+/]{32,}/g),
  rule('square', 'Square access token', /\b(?:sq0csp-[\w-]{43}|EAAA[\w-]{60})(?![\w-])/g),
  rule('gitlab', 'GitLab token', /\bgl(?:pat|dt|rt|ptt|agent|cbt|soat|oas)-[\w-]{20,}/g),
  rule('atlassian', 'Atlassian API token', /\bATATT3[\w=-]{100,}/g),
  rule('bitbucket', 'Bitbucket app password', /\bATBB[A-Za-z0-9]{32}\b/g),
  rule('docker', 'Docker access token', /\bdckr_(?:pat|oat)_[\w-]{27,}/g),
  rule('digitalocean', 'DigitalOcean token', /\bdo[opr]_v1_[0-9a-f]{64}\b/g),
  rule('databricks', 'Databricks token', /\bdapi[0-9a-f]{32}(?:-\d)?\b/g),
  rule('vault', 'HashiCorp Vault token', /\bhv[sbr]\.[\w-]{90,}/g),
  rule('terraform', 'Terraform Cloud token', /\b[A-Za-z0-9]{14}\.atlasv1\.[\w-]{60,}/g),
  rule('doppler', 'Doppler token', /\bdp\.(?:pt|st|sa|ct|scim|audit)\.(?:[\w-]+\.)?[A-Za-z0-9]{40,}\b/g),
  rule('pulumi', 'Pulumi access token', /\bpul-[0-9a-f]{40}\b/g),
  rule('heroku', 'Heroku API key', /\bHRKU-[\w-]{58,}/g),
  rule('netlify', 'Netlify token', /\bnf[pcoub]_[A-Za-z0-9_]{36}\b/g),
  rule('supabase', 'Supabase token', /\bsbp_[0-9a-f]{40}\b/g),
  rule('planetscale', 'PlanetScale credential', /\bpscale_(?:tkn|pw|oauth)_[\w.=-]{32,}/g),
  rule('newrelic', 'New Relic key', /\bNRAK-[A-Z0-9]{27}\b/g),
  rule('grafana', 'Grafana token', /\bgl(?:sa|c)_[A-Za-z0-9+/_=-]{32,}/g),
  rule('sentry', 'Sentry token', /\bsntry[su]_[A-Za-z0-9+/=_-]{60,}/g),
  rule('postman', 'Postman API key', /\bPMAK-[0-9a-f]{24}-[0-9a-f]{34}\b/g),
  rule('notion', 'Notion token', /\bntn_[A-Za-z0-9]{40,}\b/g),
  rule('figma', 'Figma token', /\bfig[duo]r?_[\w-]{40,}/g),
  rule('airtable', 'Airtable token', /\bpat[A-Za-z0-9]{14}\.[0-9a-f]{64}\b/g),
  rule('pypi', 'PyPI token', /\bpypi-AgE[\w-]{50,}/g),
  rule('rubygems', 'RubyGems key', /\brubygems_[0-9a-f]{48}\b/g),
  rule('crates', 'crates.io token', /\bcio[A-Za-z0-9]{32}\b/g),
  rule('telegram', 'Telegram bot token', /\b\d{8,10}:AA[\w-]{33}(?![\w-])/g),
  rule(
    'discord-webhook',
    'Discord webhook',
    /\bhttps:\/\/discord(?:app)?\.com\/api\/webhooks\/\d{17,20}\/[\w-]{60,}/g,
  ),
  rule('mailgun', 'Mailgun key', /\bkey-[0-9a-f]{32}\b/g),
  rule('mailchimp', 'Mailchimp key', /\b[0-9a-f]{32}-us\d{1,2}\b/g),
  rule('brevo', 'Brevo key', /\bxkeysib-[0-9a-f]{64}-[A-Za-z0-9]{16}\b/g),
  rule('azure-storage', 'Azure storage key', /\bAccountKey=[A-Za-z0-9+/]{86}==/g),
  rule('age', 'age secret key', /\bAGE-SECRET-KEY-1[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58}\b/g),
  rule(
    'database-url',
    'password in a database address',
    // Not what everybody writes in examples: names in brackets or of variables, and the usual stand-ins.
    /\b(?:postgres(?:ql)?|mysql|mariadb|mongodb(?:\+srv)?|rediss?|amqps?):\/\/[^\s:@/'"`<>${}]{0,64}:(?!(?:pass(?:word|wd)?|secret|postgres|root|admin|guest|test|user|example|changeme|x+|\*+)@)[^\s:@/'"`<>${}]{6,128}@(?!localhost|127\.|example\.|host[:/])[A-Za-z0-9.-]+/g,
  ),
]
