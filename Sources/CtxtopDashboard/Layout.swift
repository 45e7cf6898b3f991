// Which rows of the screen are for what. Where the screen is low, what matters least goes first; from two
// rows on there is always a row of the list.
//
//   title      who, where, live        numbers   tabs      heading and rows
//   time line  of a recording          verdict   the worst one     footer

import CtxtopScreen

/// The areas of the screen.
struct Layout: Equatable {
  /// Name, server, state of the source.
  private(set) var title: Rect
  /// Where in a recording one is.
  private(set) var timeLine: Rect
  /// Requests, and what they cost.
  private(set) var traffic: Rect
  /// Contexts and connections.
  private(set) var contexts: Rect
  /// The worst verdict.
  private(set) var verdict: Rect
  /// Names of the views.
  private(set) var tabs: Rect
  /// Column titles and rows.
  private(set) var list: Rect
  /// Keys.
  private(set) var footer: Rect
  /// Whether the list has room for its titles.
  let hasTitles: Bool

  /// Rows of the list that are visible.
  var rows: Int { max(0, list.height - (hasTitles ? 1 : 0)) }

  /// The areas of a screen of a size.
  init(_ size: Size, hasTimeLine: Bool = false) {
    let height = size.height
    let screen = Rect(size)
    hasTitles = height >= 4
    var rest = screen
    func take(_ isShown: Bool) -> Rect {
      let area = rest.dropLast(rest.height - (isShown ? 1 : 0))
      rest = rest.dropFirst(area.height)
      return area
    }
    title = take(height >= 1)
    timeLine = take(hasTimeLine && height >= 12)
    traffic = take(height >= 9)
    contexts = take(height >= 10)
    verdict = take(height >= 3)
    tabs = take(height >= 8)
    list = height >= 5 ? rest.dropLast(1) : rest
    footer = height >= 5 ? screen.row(height - 1) : screen.row(-1)
  }

  /// Where the detail panel and the help lie: over everything but title and footer.
  static func panel(in size: Size) -> Rect {
    let screen = Rect(size)
    return size.height >= 8 ? screen.dropFirst(1).dropLast(1) : screen
  }
}
