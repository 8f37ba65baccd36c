/** Set by the build from package.json. */
declare const AGENTBOX_VERSION: string

export const version: string = typeof AGENTBOX_VERSION === 'string' ? AGENTBOX_VERSION : '0.0.0-source'
