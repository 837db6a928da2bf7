// Runs a script of this checkout on the Node that the lock file pins, installing first when needed.
// Plain CommonJS without dependencies: it must run on any Node, before anything is installed.
'use strict'
const { spawnSync, spawn } = require('node:child_process')
const { createHash } = require('node:crypto')
const fs = require('node:fs')
const path = require('node:path')

const root = path.join(__dirname, '..')
const modules = path.join(root, 'node_modules')
const stamp = path.join(modules, '.parley-installed')
const exe = process.platform === 'win32' ? 'node.exe' : path.join('bin', 'node')
const NODE_MIN = [24, 12]

/** The lock's digest: when it changes, what is installed is out of date. */
function wanted() {
  const hash = createHash('sha256')
  for (const file of ['package-lock.json']) {
    hash.update(fs.readFileSync(path.join(root, file)))
  }
  return hash.digest('hex')
}

function installed() {
  try {
    return fs.readFileSync(stamp, 'utf8') === wanted()
  } catch {
    return false
  }
}

/** One installation at a time: a second command waits for the first instead of pulling the floor away. */
function withLock(work) {
  const lock = path.join(root, '.installing')
  for (;;) {
    try {
      fs.writeFileSync(lock, String(process.pid), { flag: 'wx' })
      break
    } catch (error) {
      if (error.code !== 'EEXIST') throw error
      if (!isHeld(lock)) fs.rmSync(lock, { force: true })
      else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500)
    }
  }
  process.on('exit', () => fs.rmSync(lock, { force: true }))
  work()
  fs.rmSync(lock, { force: true })
}

/** Whether the process that wrote the lock still runs; one that was killed holds nothing. */
function isHeld(lock) {
  try {
    process.kill(Number(fs.readFileSync(lock, 'utf8')), 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}

function install() {
  if (installed()) return
  if (fs.lstatSync(modules, { throwIfNoEntry: false })?.isSymbolicLink()) {
    process.stderr.write(
      'parley: node_modules is a link; run the command where it points to, or remove the link.\n'
    )
    process.exit(1)
  }
  const started = Date.now()
  process.stderr.write('parley: installing what the lock file names (about a minute, once) ...\n')
  const npm = process.env.npm_execpath
  const [command, args] = npm ? [process.execPath, [npm]] : ['npm', []]
  // Engine warnings would judge the Node that installs, not the one that runs.
  const done = spawnSync(command, [...args, 'ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: !npm && process.platform === 'win32'
  })
  if (done.status !== 0) {
    process.stderr.write(
      'parley: the installation failed; see the lines above, then run the same command again.\n'
    )
    process.exit(1)
  }
  fs.writeFileSync(stamp, wanted())
  process.stderr.write(`parley: installed in ${Math.round((Date.now() - started) / 1000)} s\n`)
}

/** The pinned Node of this platform, else the running one if it is new enough. */
function node() {
  const os = process.platform === 'win32' ? 'win' : process.platform
  for (const name of [`node-${os}-${process.arch}`, `node-bin-${os}-${process.arch}`]) {
    const file = path.join(modules, name, exe)
    if (fs.existsSync(file)) return file
  }
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major > NODE_MIN[0] || (major === NODE_MIN[0] && minor >= NODE_MIN[1])) return process.execPath
  process.stderr.write(
    `parley: no pinned Node for ${process.platform}-${process.arch}, and this one is ${process.versions.node}.\n` +
      `Install Node ${NODE_MIN.join('.')} or newer and run the same command again.\n`
  )
  process.exit(69)
}

if (!installed()) withLock(install)
const args = process.argv.slice(2)
if (args[0] === '--setup-only') process.exit(0)
const bin = node()
const env = { ...process.env, PATH: path.dirname(bin) + path.delimiter + process.env.PATH }
const child = spawn(bin, args, { cwd: process.cwd(), stdio: 'inherit', env })
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
child.on('exit', (code, signal) => {
  if (signal) {
    process.removeAllListeners(signal)
    process.kill(process.pid, signal)
  } else process.exit(code)
})
