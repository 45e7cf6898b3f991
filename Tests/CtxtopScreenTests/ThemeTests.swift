import CtxtopScreen
import Glibc
import Testing

@Suite struct ThemeTests {
  private static let exact: [ColorDepth] = [.palette, .direct]
  private static let named: [ThemeName] = [.dark, .light, .colorblind, .colorblindLight]
  /// What is drawn and not read.
  private static let pictures: Set<Role> = [.border, .chart]

  @Test(arguments: named, exact)
  func textIsReadable(name: ThemeName, depth: ColorDepth) {
    let theme = Theme.named(name, depth: depth)
    for role in Role.allCases {
      let style = theme[role]
      guard let foreground = Tint(style.foreground) else { continue }
      let backgrounds = Tint(style.background).map { [$0] } ?? Background.of(name)
      let wanted = Self.pictures.contains(role) ? 3 : 4.5
      for background in backgrounds {
        let contrast = foreground.contrast(to: background)
        #expect(contrast >= wanted, "\(name) \(depth) \(role): \(contrast) on \(background)")
      }
    }
  }

  @Test(arguments: named, ColorDepth.allCases)
  func everyRoleThatMattersStandsOut(name: ThemeName, depth: ColorDepth) {
    let theme = Theme.named(name, depth: depth)
    for role in [Role.dim, .title, .columnTitle, .selected, .tab, .warning, .critical, .notice] {
      #expect(theme[role] != theme[.text], "\(role)")
    }
    #expect(theme[.critical] != theme[.warning])
    #expect(theme[.sortedTitle] != theme[.columnTitle])
  }

  @Test(arguments: [ThemeName.colorblind, .colorblindLight], exact)
  func levelsDifferForEveryEye(name: ThemeName, depth: ColorDepth) throws {
    let theme = Theme.named(name, depth: depth)
    let levels: [Role] = [.critical, .warning, .notice, .good]
    for eye in Eye.all {
      for (index, one) in levels.enumerated() {
        for other in levels.dropFirst(index + 1) {
          let colors = (try #require(Tint(theme[one].foreground)), try #require(Tint(theme[other].foreground)))
          let distance = eye.distance(colors.0, colors.1)
          // Two is what can just be told apart side by side; ten can hardly be mistaken.
          #expect(distance >= 20, "\(name) \(depth): \(one) and \(other) for \(eye.name): \(distance)")
        }
      }
    }
  }

  /// The test above must be able to fail: it does for what most programs use.
  @Test func redAndGreenWouldFail() throws {
    let red = try #require(Tint(.direct(175, 95, 0)))
    let green = try #require(Tint(.direct(95, 135, 0)))
    #expect(Eye.all[0].distance(red, green) > 40)
    #expect(Eye.all.map { $0.distance(red, green) }.min()! < 20)
  }

  @Test(arguments: [ThemeName.standard, .monochrome], ColorDepth.allCases)
  func someThemesFitEveryBackground(name: ThemeName, depth: ColorDepth) {
    let theme = Theme.named(name, depth: depth)
    for role in Role.allCases {
      for color in [theme[role].foreground, theme[role].background] where color != .standard {
        #expect(name == .standard)
        guard case .indexed(0..<16) = color else {
          Issue.record("\(role) is not one of the user's own colours")
          continue
        }
      }
    }
  }

  @Test func fewColorsAreTheUsersOwn() {
    for name in ThemeName.allCases {
      for role in Role.allCases {
        let style = Theme.named(name, depth: .sixteen)[role]
        for color in [style.foreground, style.background] where color != .standard {
          guard case .indexed(0..<16) = color else {
            Issue.record("\(name) \(role): \(color)")
            continue
          }
        }
      }
    }
  }

  @Test func theNearestOf256IsNeverTheUsersOwn() {
    #expect(Color.direct(255, 0, 0).inPalette == .indexed(196))
    #expect(Color.direct(0xA8, 0xA8, 0xA8).inPalette == .indexed(248))
    #expect(Color.direct(205, 0, 0).inPalette == .indexed(160))
    #expect(Color.indexed(3).inPalette == .indexed(3))
    #expect(Color.standard.inPalette == .standard)
    #expect(Color(hex: 0x123456) == .direct(0x12, 0x34, 0x56))
  }
}

/// What a theme is looked at upon: the darkest and the lightest that people use.
private enum Background {
  static func of(_ name: ThemeName) -> [Tint] {
    let colors: [Color] =
      switch name {
      case .light, .colorblindLight: [.direct(255, 255, 255), .direct(0xEE, 0xEE, 0xEE)]
      default: [.direct(0, 0, 0), .direct(0x28, 0x28, 0x28)]
      }
    return colors.compactMap(Tint.init)
  }
}

/// A colour as light: red, green and blue from 0 to 1, linear.
private struct Tint {
  var red, green, blue: Double

  init?(_ color: Color) {
    guard let parts = color.components else { return nil }
    func linear(_ part: Int32) -> Double {
      let value = Double(part) / 255
      return value <= 0.04045 ? value / 12.92 : pow((value + 0.055) / 1.055, 2.4)
    }
    (red, green, blue) = (linear(parts.red), linear(parts.green), linear(parts.blue))
  }

  init(red: Double, green: Double, blue: Double) {
    (self.red, self.green, self.blue) = (min(max(red, 0), 1), min(max(green, 0), 1), min(max(blue, 0), 1))
  }

  var luminance: Double { 0.2126 * red + 0.7152 * green + 0.0722 * blue }

  /// The contrast ratio of WCAG 2, from 1 to 21.
  func contrast(to other: Tint) -> Double {
    let (light, dark) = (max(luminance, other.luminance), min(luminance, other.luminance))
    return (light + 0.05) / (dark + 0.05)
  }

  /// CIELAB, for the white of screens.
  var lab: (Double, Double, Double) {
    func f(_ t: Double) -> Double { t > 0.008856 ? cbrt(t) : 7.787 * t + 16.0 / 116 }
    let x = f((0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.95047)
    let y = f(luminance)
    let z = f((0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.08883)
    return (116 * y - 16, 500 * (x - y), 200 * (y - z))
  }
}

/// How somebody sees: by Machado, Oliveira and Fernandes, "A Physiologically-based Model for Simulation of Color
/// Vision Deficiency", 2009, for the full deficiency.
private struct Eye {
  let name: String
  let rows: [(Double, Double, Double)]

  static let all = [
    Eye(name: "normal", rows: [(1, 0, 0), (0, 1, 0), (0, 0, 1)]),
    Eye(
      name: "protanopia",
      rows: [
        (0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998),
      ]),
    Eye(
      name: "deuteranopia",
      rows: [
        (0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881),
      ]),
    Eye(
      name: "tritanopia",
      rows: [
        (1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900),
      ]),
  ]

  /// How different two colours are: the distance in CIELAB.
  func distance(_ one: Tint, _ other: Tint) -> Double {
    let (a, b) = (seen(one).lab, seen(other).lab)
    return hypot(hypot(a.0 - b.0, a.1 - b.1), a.2 - b.2)
  }

  private func seen(_ tint: Tint) -> Tint {
    let parts = rows.map { $0.0 * tint.red + $0.1 * tint.green + $0.2 * tint.blue }
    return Tint(red: parts[0], green: parts[1], blue: parts[2])
  }
}
