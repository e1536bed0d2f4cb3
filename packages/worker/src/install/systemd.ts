import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import type { ServiceKeeper, ServicePlan, WorkerService } from './contract.ts';

/** Seconds that builds may go on when the service is stopped, or the machine is. */
const stopWithin = 80;

/** Linux with systemd: a unit of the system, or of the user. */
export function systemdKeeper(): ServiceKeeper {
  return {
    name: 'systemd',
    // sd_booted(3)
    obstacle: existsSync('/run/systemd/system') ? null : 'systemd does not run on this machine',
    plan,
  };
}

function plan(service: WorkerService): ServicePlan {
  const unit = `weir-worker-${service.name}.service`;
  const isOfSystem = service.user !== null;
  const scope = isOfSystem ? [] : ['--user'];
  const configDir = process.env['XDG_CONFIG_HOME'] ?? join(homedir(), '.config');
  const dir = isOfSystem ? '/etc/systemd/system' : join(configDir, 'systemd', 'user');
  const systemctl = (...args: string[]): string[] => ['systemctl', ...scope, ...args];
  const [shown, said, another] = [
    systemctl('status', unit).join(' '),
    ['journalctl', ...scope, '-fu', unit].join(' '),
    systemctl('reload', unit).join(' '),
  ];
  return {
    path: join(dir, unit),
    text: systemdUnit(service),
    start: [systemctl('daemon-reload'), systemctl('enable', '--now', unit)],
    stop: [systemctl('disable', '--now', unit)],
    hints: [
      `${shown}   how it is`,
      `${said}   what it says`,
      `${another}   starts the agent anew while builds go on: after an upgrade`,
      ...(isOfSystem ? [] : ['loginctl enable-linger   has it run while you are not signed in']),
    ],
  };
}

/**
 * The text of the unit. A stop lets builds end for a while, then gives them back to the farm; a
 * reload ends the agent alone, as a crash does, and the next one finds its builds.
 */
export function systemdUnit({ name, farm, dataDir, program, user }: WorkerService): string {
  const run = [...program, 'run', '--data', dataDir, '--stop-within', String(stopWithin)];
  return `# Written by 'weir worker install'; 'weir worker uninstall' takes it away.
[Unit]
Description=Weir worker ${asText(name)} of ${asText(farm)}
${user === null ? '' : 'Wants=network-online.target\nAfter=network-online.target\n'}StartLimitIntervalSec=0

[Service]
Type=exec
${user === null ? '' : `User=${user}\n`}ExecStart=${run.map(inCommand).join(' ')}
# It makes room for another agent, by ending with 75. Builds go on meanwhile.
ExecReload=kill -HUP $MAINPID
SuccessExitStatus=75
RestartForceExitStatus=75
Restart=on-failure
RestartSec=10
KillMode=process
TimeoutStopSec=${stopWithin + 10}
# Each step gets a control group below this one.
Delegate=yes
DelegateSubgroup=agent
# Steps run in a sandbox of their own (bubblewrap), which needs namespaces and a whole /proc: so no
# RestrictNamespaces=, ProtectProc=, ProtectKernelTunables= or ProtectControlGroups= here.
NoNewPrivileges=yes
LockPersonality=yes
${user === null ? '' : `PrivateTmp=yes\nProtectSystem=strict\nReadWritePaths=${quoted(dataDir)}\n`}
[Install]
WantedBy=${user === null ? 'default.target' : 'multi-user.target'}
`;
}

/** An argument of a command line, where variables are replaced: see systemd.service(5). */
function inCommand(argument: string): string {
  return quoted(argument).replaceAll('$', '$$$$');
}

/** A word of any setting: see systemd.syntax(7). */
function quoted(argument: string): string {
  const escaped = argument.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('%', '%%');
  return /^[\w@:/.,+=%$-]+$/.test(escaped) ? escaped : `"${escaped}"`;
}

function asText(text: string): string {
  return text.replaceAll('%', '%%').replaceAll(/[\r\n\\]/g, ' ');
}
