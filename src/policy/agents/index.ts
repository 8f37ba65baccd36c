import { claude } from './claude.ts'
import { codex } from './codex.ts'
import { copilot } from './copilot.ts'
import { gemini } from './gemini.ts'
import { generic } from './generic.ts'
import { opencode } from './opencode.ts'
import { pi } from './pi.ts'
import { qwen } from './qwen.ts'
import type { AgentProfile } from './types.ts'

/** Every known agent. Adding one is a file in this folder and a line here. */
export const agents: readonly AgentProfile[] = [claude, codex, gemini, opencode, copilot, qwen, pi]

/** The profile for a command, by the base name of what was typed; unknown commands get the generic one. */
export function profileOf(command: string): AgentProfile {
  const name = command.slice(command.lastIndexOf('/') + 1)
  return agents.find((agent) => agent.commands.includes(name)) ?? generic
}
