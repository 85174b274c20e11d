#!/usr/bin/env python3
"""Press Tab in a real shell.

  tab.py COMPLETION PATH LINE SHELL [ARGUMENT…]

Starts the shell on a terminal, with COMPLETION read by it and PATH before $PATH,
types LINE, in which "\\t" is Tab, and Enter, and prints what the terminal shows.
"""
import os
import pty
import select
import sys

completion, path, line, *command = sys.argv[1:]
prompt = 'ready' + '>'
pid, fd = pty.fork()
if pid == 0:
    os.environ.update(PATH=path + ':' + os.environ['PATH'], TERM='dumb', INPUTRC='/dev/null')
    os.execvp(command[0], command)


def until(what, seconds=20):
    seen = b''
    while what not in seen:
        if not select.select([fd], [], [], seconds)[0]:
            sys.exit('nothing more after: %r' % seen)
        try:
            piece = os.read(fd, 65536)
        except OSError:
            break
        if not piece:
            break
        seen += piece
    return seen.decode(errors='replace')


setup = {'bash': "PS1='rea''dy>'; . '%s'\n", 'zsh': "fpath=('%s' $fpath); autoload -Uz compinit; compinit -u -D; unsetopt prompt_cr prompt_sp; PS1='rea''dy>'\n"}
os.write(fd, (setup[os.path.basename(command[0])] % completion).encode())
until(prompt.encode())
os.write(fd, line.replace('\\t', '\t').encode() + b'\n')
print(until(prompt.encode()))
os.write(fd, b'exit\n')
os.close(fd)
