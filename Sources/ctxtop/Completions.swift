// `ctxtop completions SHELL`: a few lines for a shell, which ask this program for what fits whenever Tab is pressed.
// The scripts that the parser can print know neither the words of the default command nor what runs here now.

import ArgumentParser

/// Prints the completion script of a shell.
struct Completions: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Print the script that completes ctxtop's words in bash, zsh or fish.",
    discussion: """
      Commands, options, their values, the names of the apps that run here, columns and verdicts are completed.

      EXAMPLES:
        source <(ctxtop completions bash)    # in ~/.bashrc
        source <(ctxtop completions zsh)     # in ~/.zshrc, behind compinit
        ctxtop completions fish > ~/.config/fish/completions/ctxtop.fish
      """)

  @Argument(help: ArgumentHelp("The shell.", valueName: "shell"))
  var shell: Shell

  func run() throws {
    do {
      try StandardOutput.write(Array(shell.script.utf8))
    } catch is ReaderIsGone {}
  }
}

/// A shell that has a script.
enum Shell: String, CaseIterable, ExpressibleByArgument {
  case bash, zsh, fish

  /// Its script. Each passes the words up to the cursor, and gets lines of a word, a tab, and what it means.
  var script: String {
    switch self {
    case .bash: Self.bashScript
    case .zsh: Self.zshScript
    case .fish: Self.fishScript
    }
  }

  private static let bashScript = #"""
    # ctxtop's words for bash 4.3 or newer: source <(ctxtop completions bash)
    _ctxtop() {
      local line=${COMP_LINE:0:COMP_POINT} breaks=${COMP_WORDBREAKS//[^=:]/} current prefix= candidate rest
      local -a words
      read -ra words <<<"$line"
      [[ $line == *[[:space:]] ]] && words+=("")
      current=${words[-1]}
      # What bash replaces begins behind the last = or : of the word.
      [[ -n $breaks ]] && prefix=${current%"${current##*[$breaks]}"}
      COMPREPLY=()
      while IFS=$'\t' read -r candidate rest; do
        COMPREPLY+=("${candidate#"$prefix"}")
      done < <("${1/#\~/$HOME}" candidates -- "${words[@]:1}" 2>/dev/null)
      # Something follows a colon, and a threshold's name.
      [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *[:=] ]] && compopt -o nospace
    }
    complete -o default -F _ctxtop ctxtop

    """#

  private static let zshScript = #"""
    #compdef ctxtop
    # ctxtop's words for zsh: source <(ctxtop completions zsh), or as a file _ctxtop in a directory of $fpath
    _ctxtop() {
      local line word
      local -a closed open
      for line in "${(@f)$("${(Q)words[1]/#\~/$HOME}" candidates -- "${(@)words[2,CURRENT-1]}" "$PREFIX" 2>/dev/null)}"; do
        [[ -n $line ]] || continue
        word=${line%%$'\t'*}
        line=${word//:/\\:}:${line#*$'\t'}
        # Something follows a colon, and a threshold's name.
        if [[ $word == *[:=] ]]; then open+=("$line"); else closed+=("$line"); fi
      done
      if (( ! $#closed && ! $#open )); then
        _default
        return
      fi
      (( $#closed )) && _describe -V candidate closed
      (( $#open )) && _describe -V candidate open -S ''
      return 0
    }
    if [[ ${funcstack[1]} == _ctxtop ]]; then
      _ctxtop "$@"
    else
      compdef _ctxtop ctxtop
    fi

    """#

  private static let fishScript = #"""
    # ctxtop's words for fish: ctxtop completions fish > ~/.config/fish/completions/ctxtop.fish
    function __ctxtop_candidates
      set -l words (commandline -opc)
      set -l program $words[1]
      set -e words[1]
      set -l found (eval $program candidates -- (string escape -- $words (commandline -ct)) 2>/dev/null)
      if count $found >/dev/null
        printf '%s\n' $found
      else
        __fish_complete_path (commandline -ct)
      end
    end
    complete -c ctxtop -f -a '(__ctxtop_candidates)'

    """#
}
