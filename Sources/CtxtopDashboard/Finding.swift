// Search and filter: both by regular expression, both while one types.

import CtxtopModel
import CtxtopPattern
import CtxtopScreen

extension State {
  /// A prompt for a pattern, with what is in force now.
  func prompt(_ kind: Prompt.Kind) -> Prompt {
    let text = kind == .filter ? listState.filter?.text ?? "" : ""
    return Prompt(
      kind, text: text, history: typed[kind] ?? [], origin: selection, textOrigin: textOffset, before: listState.filter)
  }

  /// What is typed so far takes effect at once, unless it is not a pattern yet.
  mutating func preview(_ prompt: Prompt) {
    if prompt.kind == .time { return }
    guard !prompt.text.isEmpty else {
      if opened != nil {
        foundLine = nil
        return textOffset = prompt.textOrigin
      }
      return restore(prompt.origin, filter: prompt.kind == .filter ? nil : listState.filter)
    }
    guard let pattern = try? pattern(prompt.text) else { return }
    defer { warnOfCost(of: pattern) }
    switch prompt.kind {
    case .filter: filter(by: pattern)
    case .time: break
    case .search where opened != nil:
      textOffset = prompt.textOrigin
      findLine(pattern, from: topLine, by: 1)
    case .search:
      // Where nothing matches any more, the selection does not stay where something once did.
      guard let index = list.nearest(pattern, from: prompt.origin.index, by: 1) else {
        return restore(prompt.origin, filter: listState.filter)
      }
      select(index: index)
    }
  }

  /// Takes what was typed; a pattern that is none keeps the prompt open.
  mutating func accept(_ prompt: Prompt) {
    guard !prompt.text.isEmpty else { return dialog = nil }
    let pattern: Pattern
    do { pattern = try self.pattern(prompt.text) } catch { return say(error.description) }
    dialog = nil
    remember(prompt)
    switch prompt.kind {
    case .filter:
      filter(by: pattern)
      // Of what was given up nobody knows whether it matches.
      if list.count == 0, !pattern.didHitLimit { say("no row matches \(prompt.text)") }
    case .search where opened != nil:
      searchedText = pattern
      textOffset = prompt.textOrigin
      if !findLine(pattern, from: topLine, by: 1) { say("no line matches \(prompt.text)") }
    case .time: break
    case .search:
      searched = pattern
      let index = list.nearest(pattern, from: prompt.origin.index, by: 1)
      if index == nil, !pattern.didHitLimit { say("no row matches \(prompt.text)") }
    }
    warnOfCost(of: pattern)
  }

  /// Leaves a prompt as if it had not been opened.
  mutating func cancel(_ prompt: Prompt) {
    if prompt.kind == .time { return }
    if opened == nil {
      restore(prompt.origin, filter: prompt.kind == .filter ? prompt.before : listState.filter)
    } else {
      textOffset = prompt.textOrigin
      foundLine = nil
    }
  }

  mutating func findAgain(by step: Int) {
    if opened != nil { return findLineAgain(by: step) }
    guard let searched else { return say("nothing was searched for: / searches") }
    let index = list.nearest(searched, from: selection.index + step, by: step)
    guard let index else {
      say("no row matches \(searched.text)")
      return warnOfCost(of: searched)
    }
    select(index: index)
  }

  /// Says, once for a pattern, that matching took too long: what does not match then may merely not have been tried.
  mutating func warnOfCost(of pattern: Pattern) {
    guard pattern.didHitLimit, pattern != costly else { return }
    costly = pattern
    tell("\(pattern.text) takes too long to match: what it finds may be incomplete")
  }

  mutating func filter(by pattern: Pattern?) {
    listState.filter = pattern
    rebuildRows()
  }

  private func pattern(_ text: String) throws(PatternError) -> Pattern {
    try Pattern(text, columns: opened == nil ? view.definition.columns.flatMap { [$0.id, $0.title] } : [])
  }

  /// Selects what was selected, wherever it is by now, among the rows that a filter leaves.
  private mutating func restore(_ earlier: Selection, filter: Pattern?) {
    selection = earlier
    if listState.filter == filter { return findSelection() }
    listState.filter = filter
    rebuildRows()
  }

  /// The latest last, each once.
  mutating func remember(_ prompt: Prompt) {
    let earlier = (typed[prompt.kind] ?? []).filter { $0 != prompt.text }
    typed[prompt.kind] = (earlier + [prompt.text]).suffix(50)
  }
}
