// The log-in servers of vendors, as much as the agents need: a token that has run out is exchanged for a new one.

const encoded = (value) => Buffer.from(JSON.stringify(value)).toString('base64url')

/** Seconds. */
const LONG = 14 * 24 * 3600
const [PAST, FUTURE] = [1_600_000_000, 4_000_000_000]

/** A JSON web token that says when it ends and for whom it is; nobody looks at its signature. */
export function webToken(name, ended = false) {
  const claims = {
    exp: ended ? PAST : FUTURE,
    iat: PAST - LONG,
    jti: name,
    email: 'user@example.com',
    'https://api.openai.com/auth': { chatgpt_plan_type: 'pro', chatgpt_account_id: 'account-1' },
  }
  return `${encoded({ alg: 'RS256', typ: 'JWT' })}.${encoded(claims)}.c2lnbmF0dXJl`
}

/** What every vendor's token server answers; each agent reads what it knows. */
const exchanged = (tokens) => ({
  access_token: tokens.access,
  refresh_token: tokens.refresh,
  id_token: webToken('of-the-user'),
  token_type: 'Bearer',
  expires_in: LONG,
  scope: 'user:inference user:profile',
})

/** Routes for `startFakeApi`, before its own; `tokens` are what a refresh gives. */
export const vendorRoutes = (tokens = {}) => [
  {
    method: 'POST',
    path: /\/oauth\/token$|^\/token$/,
    answer: ({ json }) => json(exchanged(tokens)),
  },
  { method: 'POST', path: /^\/tokeninfo$/, answer: ({ json }) => json(tokenInfo) },
  { method: 'GET', path: /^\/tokeninfo$/, answer: ({ json }) => json(tokenInfo) },
  { method: 'GET', path: /\/wham\/accounts\/check$/, answer: ({ json }) => json(workspaces) },
  { method: 'GET', path: /^\/copilot_internal\/user$/, answer: ({ json }) => json(copilotUser) },
  { method: 'GET', path: /^\/models$/, answer: ({ json }) => json(copilotModels) },
  { method: 'POST', path: /:loadCodeAssist$/, answer: ({ json }) => json(codeAssist) },
  {
    method: 'POST',
    path: /v1internal:(?:listExperiments|retrieveUserQuota|recordCodeAssistMetrics|fetchAdminControls)$/,
    answer: ({ json }) => json({}),
  },
]

const tier = { id: 'standard-tier', name: 'standard', userDefinedCloudaicompanionProject: false }
const codeAssist = { currentTier: tier, allowedTiers: [tier], cloudaicompanionProject: 'project-1' }

const tokenInfo = { expires_in: LONG, scope: 'https://www.googleapis.com/auth/cloud-platform' }

/** Codex asks where its account is served. */
const workspaces = {
  accounts: [
    {
      id: 'account-1',
      account_id: 'account-1',
      name: 'mine',
      structure: 'personal',
      plan_type: 'pro',
      is_deactivated: false,
      is_fedramp_compliant_workspace: false,
      can_access_with_session: true,
      workspace_backend_origin: 'https://chatgpt.com',
      account_routing_override: 'us',
    },
  ],
  account_ordering: ['account-1'],
  default_account_id: 'account-1',
}

const copilotUser = {
  login: 'user',
  chat_enabled: true,
  copilot_plan: 'individual',
  access_type_sku: 'monthly_subscriber',
  endpoints: { api: 'https://api.githubcopilot.com' },
  organization_list: [],
}

const copilotModels = {
  data: [
    {
      id: 'fake-model',
      name: 'fake',
      object: 'model',
      vendor: 'fake',
      version: '1',
      model_picker_enabled: true,
      policy: { state: 'enabled' },
      supported_endpoints: ['/chat/completions'],
      billing: { is_premium: false, multiplier: 0 },
      capabilities: {
        type: 'chat',
        family: 'fake',
        object: 'model_capabilities',
        tokenizer: 'o200k_base',
        limits: { max_context_window_tokens: 128_000, max_prompt_tokens: 100_000, max_output_tokens: 8000 },
        supports: { streaming: true, tool_calls: true },
      },
    },
  ],
}
