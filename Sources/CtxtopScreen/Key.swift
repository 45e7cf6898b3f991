// What a person does at the terminal.

/// What was done with the mouse.
package struct Mouse: Hashable, Sendable {
  /// What can be done.
  package enum Kind: Sendable {
    /// The left button went down.
    case press
    /// It went down again at the same place, soon after. The first time was told as a press.
    case doubleClick
    case wheelUp, wheelDown
  }

  /// What was done.
  package var kind: Kind
  /// Where.
  package var position: Position

  /// Something done at a place.
  package init(_ kind: Kind, at position: Position) {
    self.kind = kind
    self.position = position
  }
}

/// One key, something done with the mouse, or the news that the terminal has another size.
package enum Key: Hashable, Sendable {
  /// A character key.
  case character(Character)
  case up, down, left, right
  case pageUp, pageDown, home, end
  case enter, escape, tab, backTab, backspace, delete, insert
  /// F1 and up.
  case function(Int)
  /// A character together with Control, by its letter.
  case control(Character)
  /// Something done with the mouse.
  case mouse(Mouse)
  /// The terminal has another size; ask it which.
  case resize

  /// What the key is called on the screen.
  package var name: String {
    switch self {
    case .character(" "): "Space"
    case .character(let character): String(character)
    case .up: "Up"
    case .down: "Down"
    case .left: "Left"
    case .right: "Right"
    case .pageUp: "PgUp"
    case .pageDown: "PgDn"
    case .home: "Home"
    case .end: "End"
    case .enter: "Enter"
    case .escape: "Esc"
    case .tab: "Tab"
    case .backTab: "S-Tab"
    case .backspace: "Backspace"
    case .delete: "Del"
    case .insert: "Ins"
    case .function(let number): "F\(number)"
    case .control(let letter): "^\(letter.uppercased())"
    case .mouse(let mouse): "\(mouse.kind)"
    case .resize: "resize"
    }
  }
}
