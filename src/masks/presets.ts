/**
 * The built-in mask set, as data. It always applies; a policy can add patterns, and lift some with
 * `masks.except`, which is a grant. The two errors to weigh for each entry: a missed secret is read by an
 * agent; a masked source file makes people switch the tool off. Patterns are case-insensitive; those with
 * a slash match at any depth; those that end in one match directories only.
 */

export interface MaskPreset {
  name: string
  /** One line for people. */
  about: string
  patterns: string[]
  /** Lifts patterns of this preset only, so that `id_rsa.env.example` stays masked as a key. */
  except: string[]
}

const EXAMPLES = '{example,sample,template,dist,defaults,schema,agent}'
const SOURCES = '{ts,tsx,js,jsx,mjs,cjs,mts,cts,py,rb,go,rs,java,kt,cs,swift,vue,svelte,md,html,css}'
const BACKUPS = '{~,.bak,.old,.orig,.save,.swp,.tmp,.backup,.copy,_backup,_old, copy}'
const DATA = '{yml,yaml,json,toml,env,ini,properties,xml}'

/** Before `dotenv`: what direnv runs is a shell script, which `show: keys` cannot take apart. */
const direnv: MaskPreset = {
  name: 'direnv',
  about: 'direnv scripts, which often export secrets',
  patterns: ['.envrc', '.envrc.*', '.envrc~', '.envrc-*', '.envrc_*', '.#.envrc*', '#.envrc*'],
  except: [`.envrc.${EXAMPLES}`],
}

const dotenv: MaskPreset = {
  name: 'dotenv',
  about: 'dotenv files with their variants, editor backups and swap files',
  patterns: [
    '.env*',
    '*.env',
    '*.env.*',
    '*.env~',
    '*.env-*',
    '*.env_*',
    '*.env copy*',
    '.#.env*',
    '#*.env*#',
    '.flaskenv*',
    '.dev.vars*',
  ],
  except: [
    // Written to be shared; `.env.agent` is written for the agent (see `masks.substitute`).
    `*.env.${EXAMPLES}`,
    `.env.*.${EXAMPLES}`,
    `*.env{-,_}${EXAMPLES}`,
    '{example,sample,template}.env',
    '*{.,-,_}{example,sample,template}.env',
    `{.envrc,.dev.vars}.${EXAMPLES}`,
    // `config.env.ts` is a source; `.env.ts` and `.env.js` are not excepted, people do put secrets there.
    `?*.env.${SOURCES}`,
    '?*.env.{d,spec,test}.{ts,js}',
    // The Envoy proxy's configuration only begins like the others.
    '.envoy*',
  ],
}

const keys: MaskPreset = {
  name: 'keys',
  about: 'private keys, certificates bundled with keys, key stores and password databases',
  patterns: [
    'id_{rsa,dsa,ecdsa,ed25519,ecdsa_sk,ed25519_sk,xmss}*',
    '*_{rsa,dsa,ecdsa,ed25519}',
    'ssh_host_*_key*',
    '{deploy,ssh,private}{_,-}key',
    '*private{_,-,}key*.{txt,json,xml,der,b64,base64,asc,jwk}',
    '*.{pem,key,p12,pfx,p8,pk8,pkcs8,pkcs12,ppk,agekey,keytab}',
    '*.{jks,jceks,bks,keystore,kdbx,kdb,ovpn}',
    `*.{pem,key,p12,pfx,ppk,jks,keystore,kdbx}${BACKUPS}`,
    '{key,keystore,signing}.properties',
    'wg[0-9]*.conf',
    'wallet.dat',
  ],
  except: [
    'id_*.pub',
    'ssh_host_*_key.pub',
    // Public halves.
    'public.{pem,key}',
    'public{_,-,}key*.{pem,key}',
    'pubkey*.{pem,key}',
    '*{.,_,-}{public,pub}.{pem,key}',
    '*{.,_,-}public{_,-}key.{pem,key}',
    // Trust anchors: without them every TLS client inside fails. `cert.pem` and `server.pem` stay masked:
    // they hold the key as well often enough, and are of no use without the (masked) key otherwise.
    'ca.pem',
    'cacert{,s}.pem',
    'ca{-,_}{cert,certs,bundle,certificates,chain}*.pem',
    '*{-,_}ca-bundle*.pem',
    'root{s,ca,-ca,_ca}.pem',
    '{chain,fullchain,global-bundle,isrgrootx1}.pem',
    'rds-*.pem',
    '{digicert,baltimorecybertrust}*root*.pem',
    '*.{crt,cer,csr}.pem',
    'dhparam*.pem',
  ],
}

const stores: MaskPreset = {
  name: 'stores',
  about: 'where tools keep passwords and tokens',
  patterns: [
    '.{aws,ssh,gnupg,kube,azure,oci,kaggle,cloudflared,password-store}/',
    '.config/{gcloud,gh,op,doctl}/',
    `{.netrc,_netrc,.pgpass,.my.cnf,.mylogin.cnf,.git-credentials,.pypirc}{,${BACKUPS.slice(1)}`,
    '{pgpass.conf,.pg_service.conf,.htpasswd,.htdigest,.msmtprc,.fetchmailrc}',
    '{.dockercfg,.dockerconfigjson}',
    '.docker/config.json',
    '.{codex,composer}/auth.json',
    'kubeconfig{,.{yml,yaml,json,conf},{-,_}*.{yml,yaml,conf}}',
    '*.kubeconfig',
    '{.boto,.s3cfg,.passwd-s3fs,rclone.conf,.rclone.conf,.databrickscfg,.terraformrc,terraform.rc}',
    '{.cargo,.gem}/credentials*',
    '.m2/settings{,-security}.xml',
    '{.ftpconfig,sftp-config.json,kaggle.json}',
    '.vscode/sftp.json',
    '*.tfstate',
    '*.tfstate.*',
    'credentials.tfrc.json',
    '.*{token,_history}',
    '.{password,passwd,api_key,api-key,apikey}{,s,.*}',
    '{.,}vault{-,_}pass{,word}*',
    '*.vaultpass',
  ],
  except: [
    // Go and TypeScript projects have source directories of this name.
    'kubeconfig/',
    `{.,}vault{-,_}pass{,word}*.${SOURCES}`,
    `{.,}vault{-,_}pass{,word}*.{sh,sh.*}`,
  ],
}

const secrets: MaskPreset = {
  name: 'secrets',
  about: 'secret and credential files of frameworks and cloud providers',
  patterns: [
    '.secret',
    '.secrets',
    `{,.}{secret,secrets}.${DATA}`,
    `{,.}{secret,secrets}.*.${DATA}`,
    `*.{secret,secrets}.${DATA}`,
    `{secret,secrets}.${DATA}${BACKUPS}`,
    '{,.}credentials{,.*}.json',
    'credentials.{yml,yaml,toml,ini,xml,csv}',
    '*{-,_}credentials.json',
    'client{_,-}secret*.json',
    'service{-,_,}account*.json',
    '*{-,_}service{-,_,}account*.json',
    '*firebase-adminsdk*.json',
    '{gcp,gcloud,google}{-,_}{key,credentials}*.json',
    'local.settings.json',
  ],
  except: [
    `{secret,secrets,credentials}.${EXAMPLES}.${DATA}`,
    // Templates of a Helm chart: the values come from elsewhere.
    'templates/{secret,secrets}.{yml,yaml}',
    // A JSON Schema.
    '*.schema.json',
  ],
}

/** In the order in which they are asked. */
export const maskPresets: readonly MaskPreset[] = [direnv, dotenv, keys, stores, secrets]

/** The tables of docs/masks.md. */
export function presetsMarkdown(): string {
  return maskPresets.map(section).join('\n')
}

function section({ name, about, patterns, except }: MaskPreset): string {
  const cell = (list: string[]): string => list.map((one) => '- `' + one + '`').join('\n')
  return `### ${name}\n\n${about[0]!.toUpperCase()}${about.slice(1)}.\n\nMasked:\n\n${cell(patterns)}\n\nReadable all the same:\n\n${cell(except)}\n`
}
