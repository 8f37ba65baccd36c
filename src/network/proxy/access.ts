import type { Duplex } from 'node:stream'
import { decide, isRestriction, refusedAddress, type Rules } from '../rules/decide.ts'
import { entryFor, readAuthority, targetText, type Authority } from '../rules/host.ts'

export type Via = 'connect' | 'http' | 'socks' | 'port' | 'expose' | 'credential'

/** What was decided about one request. */
export interface Verdict {
  decision: 'allowed' | 'refused'
  host: string
  port: number
  /** The entry of the policy that decided, or why none did. */
  rule: string
  via: Via
}

/** The user's own way out of a company's network. */
export type UpstreamProxy =
  | {
      kind: 'http'
      host: string
      port: number
      tls: boolean
      /** Value of Proxy-Authorization. */
      authorization?: string | undefined
    }
  | { kind: 'socks'; host: string; port: number; login?: { user: string; password: string } | undefined }
  /** Going directly instead might be what the user wants least. */
  | { kind: 'unusable'; reason: string }

/** Everything outside that the proxy uses, so that tests can stand in for it. */
export interface Access {
  /** Exchanged when the policy becomes stricter; see `closeRefused`. */
  rules: Rules
  /** What leads outside now, and by which route. */
  flows?: Map<Duplex, Route> | undefined
  /** All addresses of a name. Called once for each connection. */
  resolve(name: string): Promise<readonly string[]>
  /** Connects to an address; never to a name. */
  dial(address: string, port: number): Promise<Duplex>
  /** Has this machine the address itself? Its services may trust who comes from here, behind any firewall. */
  isOwn?(address: string): boolean
  /** The user's proxy for this host; it resolves the name itself. */
  upstream(scheme: 'http' | 'https', host: string, port: number): UpstreamProxy | undefined
  report(verdict: Verdict): void
  /** What stands on ports of the box's own loopback, for clients that ask the proxy even for that (qwen). */
  own?: ReadonlyMap<number, (client: Duplex) => void> | undefined
  /** Lets through what nothing lists, after telling (`run --learn-permit`). What is denied stays refused. */
  permissive?: boolean | undefined
}

/** Where an admitted request may go; nothing has been dialled yet. */
export interface Route {
  host: string
  port: number
  /** Whether the entry that allowed it names this very port. */
  exact: boolean
  /** Checked; empty if an upstream proxy leads there. */
  addresses: readonly string[]
  upstream?: UpstreamProxy | undefined
}

/** What serves this place in the box itself: nothing leaves by it that it does not decide about. */
export function ownFront(
  { own }: Access,
  { target, port }: Authority,
): ((client: Duplex) => void) | undefined {
  return targetText(target) === '127.0.0.1' ? own?.get(port) : undefined
}

/** A request that is not let out, or cannot be. */
export class Refusal extends Error {
  readonly kind: 'policy' | 'malformed' | 'unreachable'
  /** As `allow-host` takes it. */
  readonly host: string

  constructor(kind: Refusal['kind'], message: string, host = '') {
    super(message)
    this.kind = kind
    this.host = host
  }
}

/**
 * Decides about a request, resolves its host once and keeps the addresses that may be dialled. Everything
 * is reported. Rejects with a `Refusal`.
 */
export async function admit(
  access: Access,
  authority: Authority,
  via: Via,
  scheme: 'http' | 'https' = 'https',
): Promise<Route> {
  const { target, port } = authority
  const host = targetText(target)
  const refuse = (rule: string): never => {
    access.report({ decision: 'refused', host, port, rule, via })
    throw new Refusal('policy', rule, entryFor(host, port))
  }
  const decision = decide(access.rules, authority)
  const { permissive = false } = access
  if (!decision.allowed && (!permissive || isRestriction(decision.rule))) refuse(decision.rule)
  const tell = (trouble?: string): void => {
    // What would be refused is kept as refused, so that it can be proposed.
    const notes = [decision.rule, decision.allowed ? undefined : 'let through by --learn-permit', trouble]
    const rule = notes.filter((note) => note !== undefined).join('; ')
    access.report({ decision: decision.allowed ? 'allowed' : 'refused', host, port, rule, via })
  }
  const allow = (addresses: readonly string[], upstream?: UpstreamProxy): Route => {
    tell()
    return { host, port, exact: decision.allowed ? decision.exact : true, addresses, upstream }
  }
  const special =
    target.kind === 'address' ? refusedAddress(access.rules, host, port, access.isOwn) : undefined
  if (special !== undefined) refuse(special)
  const upstream = access.upstream(scheme, host, port)
  if (upstream !== undefined) return allow([], upstream)
  if (target.kind === 'address') return allow([host])
  const found = await resolved(access, host)
  if (found.length === 0) {
    tell(UNRESOLVED)
    throw new Refusal('unreachable', UNRESOLVED, host)
  }
  const reasons = found.map((address) => refusedAddress(access.rules, address, port, access.isOwn))
  const usable = found.filter((_, at) => reasons[at] === undefined)
  if (usable.length === 0) refuse(`its address is not public: ${reasons[0]}`)
  return allow(usable)
}

/** Why a route that was admitted leads nowhere any more, if the rules are others now. */
export function refusalNow(access: Access, route: Route): string | undefined {
  const { rules, permissive = false } = access
  const { host, port, addresses } = route
  const authority = readAuthority(host.includes(':') ? `[${host}]` : host, port)
  if (authority === undefined) return 'the host cannot be read'
  const decision = decide(rules, authority)
  if (!decision.allowed && (!permissive || isRestriction(decision.rule))) return decision.rule
  // A port's first bytes were looked at by what the entry said then.
  if (decision.allowed && route.exact && !decision.exact && !permissive) return `port ${port} is not named`
  const reasons = addresses.map((address) => refusedAddress(rules, address, port, access.isOwn))
  return reasons.find((why) => why !== undefined)
}

/** Ends what leads to places that the rules refuse now. Returns how many there were. */
export function closeRefused(access: Access): number {
  let closed = 0
  for (const [remote, route] of access.flows ?? []) {
    const rule = refusalNow(access, route)
    if (rule === undefined) continue
    closed++
    access.report({ decision: 'refused', host: route.host, port: route.port, rule, via: 'connect' })
    remote.destroy()
  }
  return closed
}

/** Notes a connection that leads outside, unless the rules have changed since it was admitted. */
export function noteFlow(access: Access, route: Route, remote: Duplex): void {
  const rule = refusalNow(access, route)
  if (rule !== undefined) {
    remote.destroy()
    throw new Refusal('policy', rule, route.host)
  }
  const { flows } = access
  flows?.set(remote, route)
  remote.once('close', () => flows?.delete(remote))
}

const UNRESOLVED = 'the name does not resolve'

async function resolved(access: Access, host: string): Promise<readonly string[]> {
  try {
    return await access.resolve(host)
  } catch {
    return []
  }
}
