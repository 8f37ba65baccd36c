// How each agent is started against the fake API. The versions are in versions.json.
//
// An agent is `{ name, package, home, env, args, more, ... }`:
// - `home({ url, project, injected })`: files of the user's own, by their path in the home: settings, a log-in
// - `env({ url, injected })`: what the user has set; `key` is the variable that a log-in makes needless
// - `args(prompt, { url, injected })`: one conversation; `more(prompt, { url })`: one that goes on with the last
// - `login`: `{ path, content, secret, renewed }`: a log-in file of the user's and what it has the model API see;
//   the same after the user has logged in anew. Of an account, whose token has run out: `refreshed`, the tokens
//   that its vendor gives for it, the vendor's `hosts`, and the `env`, `home` and `args` of who works with it
// - `addServer`: arguments that add an MCP server for every project of the user's
// - `nested`: `{ home, args }`: its own sandbox switched on by settings, and no flag against it
// - `managed`: an administrator's files, by their path in /etc, which want its own sandbox and tell the model something;
//   `wantsRootsFiles`: it refuses others there, and for an ordinary user a box has none of root's
// - `credential`: `{ host, header }`: where agentbox is to add the user's key by itself (`injected`)
// - `moves`: a `variable`, what it moves `from` (a directory of the home, and a file that then lies in it), where that is
//   `below` its value, and the file of instructions in there that the agent is `told` by
// - `plant`: a file of the user's that steers or runs later, which the agent tries to overwrite

import { remembered } from './prompts.mjs'
import { webToken } from './vendor.mjs'

const skip = '--dangerously-bypass-approvals-and-sandbox'
const json = (value) => JSON.stringify(value)

const claudeLogin = (accessToken, expiresAt) =>
  json({
    claudeAiOauth: {
      accessToken,
      refreshToken: 'sk-ant-ort01-of-the-user',
      expiresAt,
      scopes: ['user:inference', 'user:profile'],
      subscriptionType: 'max',
    },
  })

const claude = {
  name: 'claude',
  package: '@anthropic-ai/claude-code',
  home: ({ project }) => ({
    '.claude.json': json({
      hasCompletedOnboarding: true,
      theme: 'dark',
      customApiKeyResponses: { approved: ['sk-ant-fake'], rejected: [] },
      projects: { [project]: { hasTrustDialogAccepted: true, hasCompletedProjectOnboarding: true } },
    }),
    '.claude/settings.json': json({
      includeCoAuthoredBy: false,
      statusLine: { type: 'command', command: 'sh ~/.claude/status.sh' },
    }),
    '.claude/status.sh': 'echo status-of-the-user\n',
  }),
  env: ({ url }) => ({
    ANTHROPIC_BASE_URL: url,
    ANTHROPIC_API_KEY: 'sk-ant-fake',
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    DISABLE_AUTOUPDATER: '1',
  }),
  // Unboxed and as root it wants to be told that skipping permissions is meant; the box says it itself.
  bareEnv: { IS_SANDBOX: '1' },
  key: 'ANTHROPIC_API_KEY',
  args: (prompt) => ['-p', prompt, '--dangerously-skip-permissions'],
  more: (prompt) => ['-c', '-p', prompt, '--dangerously-skip-permissions'],
  login: {
    path: '.claude/.credentials.json',
    content: claudeLogin('sk-ant-oat01-run-out', 1_600_000_000_000),
    refreshed: { access: 'sk-ant-oat01-refreshed', refresh: 'sk-ant-ort01-refreshed' },
    renewed: {
      content: claudeLogin('sk-ant-oat01-renewed', 4_000_000_000_000),
      secret: 'sk-ant-oat01-renewed',
    },
    hosts: ['api.anthropic.com', 'platform.claude.com'],
    env: { CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1', DISABLE_AUTOUPDATER: '1' },
  },
  addServer: ['mcp', 'add', '--scope', 'user', 'evil', '--', '/usr/bin/evil'],
  credential: { host: 'api.anthropic.com', header: 'x-api-key' },
  nested: {
    home: {
      '.claude/settings.json': json({
        sandbox: { enabled: true, autoAllowBashIfSandboxed: true, allowUnsandboxedCommands: false },
      }),
    },
    args: (prompt) => ['-p', prompt, '--dangerously-skip-permissions'],
  },
  managed: {
    'claude-code/managed-settings.json': json({ sandbox: { enabled: true, failIfUnavailable: true } }),
    'claude-code/managed-settings.d/50-sandbox.json': json({ sandbox: { enabled: true } }),
    'claude-code/CLAUDE.md': `be ${remembered}\n`,
  },
  moves: { variable: 'CLAUDE_CONFIG_DIR', from: ['.claude', '.claude.json'], told: 'CLAUDE.md' },
  plant: '.claude/settings.json',
}

const codexLogin = (access_token, last_refresh) =>
  json({
    OPENAI_API_KEY: null,
    tokens: {
      id_token: webToken('of-the-user'),
      access_token,
      refresh_token: 'refresh-1',
      account_id: 'account-1',
    },
    last_refresh,
  })

const codex = {
  name: 'codex',
  package: '@openai/codex',
  home: () => ({ '.codex/config.toml': 'check_for_update_on_startup = false\n' }),
  env: () => ({ OPENAI_API_KEY: 'sk-fake' }),
  key: 'OPENAI_API_KEY',
  // With a credential, the box's own configuration says the base.
  args: (prompt, { url, injected }) => [
    'exec',
    ...(injected ? [] : ['-c', `openai_base_url=${url}/v1`]),
    skip,
    prompt,
  ],
  more: (prompt, { url }) => ['exec', '-c', `openai_base_url=${url}/v1`, skip, 'resume', '--last', prompt],
  login: {
    path: '.codex/auth.json',
    content: codexLogin(webToken('run-out', true), '2020-01-01T00:00:00Z'),
    refreshed: { access: webToken('refreshed'), refresh: 'refresh-2' },
    renewed: {
      content: codexLogin(webToken('renewed'), new Date().toISOString()),
      secret: webToken('renewed'),
    },
    hosts: ['chatgpt.com', 'auth.openai.com'],
    env: {},
    // It would pack requests in a way that Node 20 cannot unpack.
    args: (prompt) => ['exec', '-c', 'features.enable_request_compression=false', skip, prompt],
  },
  addServer: ['mcp', 'add', 'evil', '--', '/usr/bin/evil'],
  credential: { host: 'api.openai.com', header: 'authorization' },
  nested: {
    home: { '.codex/config.toml': 'sandbox_mode = "workspace-write"\napproval_policy = "never"\n' },
    args: (prompt, { url }) => ['exec', '-c', `openai_base_url=${url}/v1`, prompt],
  },
  managed: {
    'codex/managed_config.toml': `sandbox_mode = "workspace-write"\ndeveloper_instructions = "be ${remembered}"\n`,
  },
  moves: { variable: 'CODEX_HOME', from: ['.codex'], told: 'AGENTS.md' },
  plant: '.codex/config.toml',
}

const geminiSettings = (more = {}) => ({
  security: { auth: { selectedType: 'gemini-api-key' }, folderTrust: { enabled: false } },
  telemetry: { enabled: false },
  privacy: { usageStatisticsEnabled: false },
  general: { enableAutoUpdate: false },
  ...more,
})

const googleLogin = (access_token, expiry_date) =>
  json({
    access_token,
    refresh_token: '1//of-the-user',
    id_token: webToken('of-the-user'),
    scope: 'https://www.googleapis.com/auth/cloud-platform',
    token_type: 'Bearer',
    expiry_date,
  })

const gemini = {
  name: 'gemini',
  package: '@google/gemini-cli',
  home: () => ({ '.gemini/settings.json': json(geminiSettings()) }),
  env: ({ url }) => ({
    GEMINI_API_KEY: 'fake',
    GEMINI_CLI_TRUST_WORKSPACE: 'true',
    GOOGLE_GEMINI_BASE_URL: url,
  }),
  key: 'GEMINI_API_KEY',
  login: {
    path: '.gemini/oauth_creds.json',
    content: googleLogin('ya29.run-out', 1_600_000_000_000),
    refreshed: { access: 'ya29.refreshed', refresh: '1//refreshed' },
    renewed: { content: googleLogin('ya29.renewed', 4_000_000_000_000), secret: 'ya29.renewed' },
    hosts: ['oauth2.googleapis.com', 'cloudcode-pa.googleapis.com'],
    env: { GEMINI_CLI_TRUST_WORKSPACE: 'true' },
    home: {
      '.gemini/settings.json': json(
        geminiSettings({ security: { auth: { selectedType: 'oauth-personal' } } }),
      ),
      '.gemini/google_accounts.json': json({ active: 'user@example.com', old: [] }),
    },
  },
  args: (prompt) => ['-y', '-p', prompt],
  more: (prompt) => ['-y', '--resume', 'latest', '-p', prompt],
  addServer: ['mcp', 'add', '--scope', 'user', 'evil', '/usr/bin/evil'],
  credential: { host: 'generativelanguage.googleapis.com', header: 'x-goog-api-key' },
  nested: {
    home: { '.gemini/settings.json': json(geminiSettings({ tools: { sandbox: true } })) },
    args: (prompt) => ['-y', '-p', prompt],
  },
  wantsRootsFiles: true,
  managed: {
    'gemini-cli/settings.json': json({ tools: { sandbox: true }, model: { name: `gemini-${remembered}` } }),
  },
  moves: { variable: 'GEMINI_CLI_HOME', from: ['.gemini'], below: '.gemini', told: 'GEMINI.md' },
  plant: '.gemini/settings.json',
}

/** It takes base and key from variables where its configuration says so. */
const opencodeOptions = ({ url, injected }) =>
  injected ? { baseURL: '{env:OPENAI_BASE_URL}', apiKey: '{env:OPENAI_API_KEY}' } : { baseURL: `${url}/v1` }

const opencodeConfig = (world) => ({
  autoupdate: false,
  share: 'disabled',
  permission: 'allow',
  model: 'fake/fake-model',
  small_model: 'fake/fake-model',
  provider: {
    fake: {
      npm: '@ai-sdk/openai-compatible',
      name: 'fake',
      options: opencodeOptions(world),
      models: {
        'fake-model': { name: 'fake-model', tool_call: true, limit: { context: 100_000, output: 8000 } },
      },
    },
  },
})

const opencode = {
  name: 'opencode',
  package: 'opencode-ai',
  home: (world) => ({ '.config/opencode/opencode.json': json(opencodeConfig(world)) }),
  env: () => ({
    OPENCODE_DISABLE_AUTOUPDATE: '1',
    OPENCODE_DISABLE_MODELS_FETCH: '1',
    OPENCODE_DISABLE_LSP_DOWNLOAD: '1',
  }),
  args: (prompt) => ['run', prompt],
  more: (prompt) => ['run', '-c', prompt],
  login: {
    path: '.local/share/opencode/auth.json',
    content: json({ fake: { type: 'api', key: 'key-of-the-user' } }),
    secret: 'key-of-the-user',
    renewed: { content: json({ fake: { type: 'api', key: 'renewed-key' } }), secret: 'renewed-key' },
  },
  credential: { host: 'api.openai.com', header: 'authorization' },
  managed: {
    'opencode/opencode.json': json({ instructions: ['/etc/opencode/told.md'] }),
    'opencode/told.md': `be ${remembered}\n`,
  },
  moves: { variable: 'XDG_CONFIG_HOME', from: ['.config/opencode'], below: 'opencode', told: 'AGENTS.md' },
  plant: '.config/opencode/opencode.json',
}

const copilotLogin = (token) =>
  json({
    loggedInUsers: [{ host: 'https://github.com', login: 'user' }],
    lastLoggedInUser: { host: 'https://github.com', login: 'user' },
    copilotTokens: { 'https://github.com:user': token },
    storeTokenPlaintext: true,
  })

const copilot = {
  name: 'copilot',
  package: '@github/copilot',
  home: () => ({ '.copilot/mcp-config.json': json({ mcpServers: {} }) }),
  // Any provider's base and key by variables of its own.
  env: ({ url, injected }) => ({
    COPILOT_PROVIDER_BASE_URL: injected ? 'https://api.openai.com/v1' : `${url}/v1`,
    COPILOT_PROVIDER_TYPE: 'openai',
    COPILOT_PROVIDER_API_KEY: 'k',
    COPILOT_MODEL: 'fake-model',
    COPILOT_OFFLINE: 'true',
  }),
  key: 'COPILOT_PROVIDER_API_KEY',
  // Its token does not run out.
  login: {
    path: '.copilot/config.json',
    content: copilotLogin('gho_of-the-user'),
    secret: 'gho_of-the-user',
    renewed: { content: copilotLogin('gho_renewed'), secret: 'gho_renewed' },
    hosts: ['api.github.com', 'api.githubcopilot.com'],
    env: { COPILOT_MODEL: 'fake-model' },
  },
  args: (prompt) => ['--allow-all-tools', '--allow-all-paths', '-p', prompt],
  more: (prompt) => ['--allow-all-tools', '--allow-all-paths', '--continue', '-p', prompt],
  addServer: ['mcp', 'add', 'evil', '--', '/usr/bin/evil'],
  credential: { host: 'api.openai.com', header: 'authorization' },
  moves: { variable: 'COPILOT_HOME', from: ['.copilot'], told: 'copilot-instructions.md' },
  plant: '.copilot/mcp-config.json',
}

const piModels = ({ url }) => ({
  providers: {
    fake: {
      baseUrl: `${url}/v1`,
      api: 'openai-completions',
      apiKey: 'sk-fake',
      models: [
        {
          id: 'fake-model',
          name: 'fake',
          reasoning: false,
          input: ['text'],
          cost: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 },
          contextWindow: 100_000,
          maxTokens: 8000,
        },
      ],
    },
  },
})

const pi = {
  name: 'pi',
  package: '@mariozechner/pi-coding-agent',
  home: (world) => ({ '.pi/agent/models.json': json(piModels(world)) }),
  env: () => ({ PI_SKIP_VERSION_CHECK: '1' }),
  // With a credential, its own provider: it takes no base from a variable.
  args: (prompt, { injected }) => [
    ...(injected
      ? ['--provider', 'openai', '--model', 'gpt-5.1']
      : ['--provider', 'fake', '--model', 'fake-model']),
    '-p',
    prompt,
  ],
  more: (prompt) => ['--provider', 'fake', '--model', 'fake-model', '-c', '-p', prompt],
  login: {
    path: '.pi/agent/auth.json',
    content: json({ fake: { type: 'api_key', key: 'key-of-the-user' } }),
    secret: 'key-of-the-user',
    renewed: { content: json({ fake: { type: 'api_key', key: 'renewed-key' } }), secret: 'renewed-key' },
  },
  credential: { host: 'api.openai.com', header: 'authorization' },
  moves: { variable: 'PI_CODING_AGENT_DIR', from: ['.pi/agent'], told: 'AGENTS.md' },
  plant: '.pi/agent/models.json',
}

const qwen = {
  name: 'qwen',
  package: '@qwen-code/qwen-code',
  home: () => ({ '.qwen/settings.json': json({ privacy: { usageStatisticsEnabled: false } }) }),
  env: ({ url }) => ({
    OPENAI_API_KEY: 'k',
    OPENAI_BASE_URL: `${url}/v1`,
    OPENAI_MODEL: 'fake-model',
  }),
  key: 'OPENAI_API_KEY',
  args: (prompt) => ['--auth-type', 'openai', '-y', '-p', prompt],
  more: (prompt) => ['--auth-type', 'openai', '-y', '-c', '-p', prompt],
  addServer: ['mcp', 'add', '--scope', 'user', 'evil', '/usr/bin/evil'],
  credential: { host: 'api.openai.com', header: 'authorization' },
  nested: {
    home: { '.qwen/settings.json': json({ tools: { sandbox: true } }) },
    args: (prompt) => ['--auth-type', 'openai', '-y', '-p', prompt],
  },
  managed: {
    'qwen-code/settings.json': json({ tools: { sandbox: true }, model: { name: `qwen-${remembered}` } }),
  },
  moves: { variable: 'QWEN_HOME', from: ['.qwen'], told: 'QWEN.md' },
  plant: '.qwen/settings.json',
}

export const agents = [claude, codex, gemini, opencode, copilot, pi, qwen]
