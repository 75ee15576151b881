import Foundation

/// What columns are usually called.
enum ColumnGuess {
  /// Our columns with names that mean them, likely ones first; letters and digits only, in small letters.
  static let names: [(ours: String, theirs: [String])] = [
    (
      "date",
      [
        "date", "day", "ds", "datum", "tag", "fecha", "jour", "invoicedate", "orderdate", "salesdate",
        "transactiondate",
        "businessdate", "weekenddate", "weekend", "week", "woche", "kw", "verkaufsdatum", "buchungsdatum", "timestamp",
      ]
    ),
    (
      "product",
      [
        "product", "productid", "productcode", "item", "itemid", "itemnbr", "itemcode", "sku", "skuid", "upc", "upcid",
        "stockcode", "article", "articleid", "artikel", "artikelnr", "artikelnummer", "material", "ean", "gtin",
        "articulo", "produit", "productno", "productnumber", "productnr", "prodid", "prod", "itemno", "itemnumber",
        "articleno", "articlenumber", "skucode", "asin", "plu", "materialno", "materialnumber", "materialnr", "artnr",
        "produkt", "produktnr", "produktnummer", "producto", "référence", "reference", "productname", "itemname",
        "artikelname", "produktname", "dept", "department", "family",
      ]
    ),
    (
      "store",
      [
        "store", "storeid", "storenbr", "storecode", "shop", "shopid", "filiale", "filialnr", "filialnummer", "markt",
        "location", "locationid", "site", "branch", "outlet", "tienda", "magasin", "storenum", "storeno", "storenumber",
        "storenr", "shopcode", "shopno", "outletid", "branchid", "branchno", "siteid", "sitecode", "marktnr",
        "standort", "lager", "werk", "loc", "locid", "storename", "shopname", "warehouse", "country",
      ]
    ),
    (
      "units",
      [
        "units", "unitsales", "unitssold", "quantity", "qty", "menge", "stueck", "stuck", "stück", "absatz", "anzahl",
        "cantidad",
        "quantite", "sold", "pieces", "pcs", "volume", "sales",
      ]
    ),
    ("price", ["price", "unitprice", "sellprice", "salesprice", "preis", "vkpreis", "precio", "prix", "actualprice"]),
    ("base_price", ["baseprice", "regularprice", "listprice", "normalpreis"]),
    (
      "revenue",
      [
        "revenue", "spend", "turnover", "umsatz", "salesvalue", "salesamount", "netsales", "grosssales", "weeklysales",
        "totalsales", "erlös", "erloes", "erlos", "nettoumsatz", "bruttoumsatz", "amount", "betrag", "value", "ventas",
        "importe", "chiffredaffaires", "sales",
      ]
    ),
    ("promotion", ["promotion", "promo", "onpromotion", "onpromo", "ispromo", "aktion", "onsale"]),
    ("stock_on_hand", ["stockonhand", "onhand", "inventory", "inventoryonhand", "bestand", "stocklevel"]),
    ("category", ["category", "categoryid", "catid", "kategorie", "warengruppe", "family", "class"]),
    (
      "department",
      [
        "department", "dept", "deptid", "subcategory", "abteilung", "unterwarengruppe", "category", "categoryid",
        "family",
      ]
    ),
    ("region", ["region", "state", "stateid", "province", "bundesland", "city", "type", "storetype"]),
  ]

  /// Kinds of promotion with the names of columns that flag them.
  static let promotionKinds: [(kind: String, theirs: Set<String>)] = [
    ("feature", ["feature", "featured", "flyer", "leaflet"]), ("display", ["display", "endcap"]),
    ("tpr", ["tpr", "tpronly"]), ("coupon", ["coupon"]),
  ]

  static func normalised(_ name: String) -> String {
    String(name.lowercased().filter { $0.isLetter || $0.isNumber })
  }

  /// The column that one of ours most likely is, among those not taken.
  ///
  /// - Parameter fits: whether its values can be that.
  static func column(_ ours: String, in header: [String], taken: Set<Int>, fits: (Int) -> Bool = { _ in true }) -> Int?
  {
    let plain = header.map(normalised)
    for name in names.first(where: { $0.ours == ours })?.theirs ?? [] {
      if let index = plain.indices.first(where: { plain[$0] == name && !taken.contains($0) && fits($0) }) {
        return index
      }
    }
    return nil
  }

  /// Words that stand for all products or stores together, in small letters.
  private static let totals: Set<String> = [
    "total", "totals", "grand total", "subtotal", "sub-total", "sum", "all", "all stores", "all products", "overall",
    "gesamt", "gesamtsumme", "insgesamt", "summe", "zwischensumme", "alle", "alle filialen", "gesamtergebnis",
    "ergebnis", "result", "results", "sums", "teilergebnis", "teilsumme", "endsumme", "alle artikel", "alle märkte",
    "gesamtmenge", "gesamtabsatz", "total général", "total general", "sous-total", "somme", "totale", "totale generale",
    "somma", "totaal", "eindtotaal", "subtotaal", "suma", "total geral", "suma total", "razem", "∑", "σ",
  ]
  /// Those that also stand before or behind the name of what is summed.
  private static let totalsOf: Set<String> = [
    "total", "totals", "sum", "subtotal", "sub-total", "gesamt", "summe", "zwischensumme", "teilsumme", "ergebnis",
    "teilergebnis", "gesamtergebnis", "gesamtsumme", "result", "all", "alle", "sous-total", "somme", "totale", "somma",
    "totaal", "suma", "razem",
  ]

  private static func withoutMarks(_ name: String) -> String {
    name.lowercased().trimmingCharacters(in: CharacterSet(charactersIn: ":=*").union(.whitespaces))
  }

  /// Whether a product or store of this name is rather a line of totals: called like one, or like the total of another
  /// name, as pivot tables have them (`Total north`, `north Ergebnis`).
  ///
  /// - Parameter names: the names that may be summed.
  static func namesTotals(_ name: String, among names: Set<String>) -> Bool {
    if namesTotals(name) { return true }
    guard name.utf8.count <= 200, name.contains(where: { $0.isWhitespace || $0 == ":" }) else { return false }
    let words = withoutMarks(name)
    guard totalsOf.contains(where: { words.hasPrefix($0) || words.hasSuffix($0) }) else { return false }
    // As it is written where it is summed: with its own capitals.
    let text = name.trimmingCharacters(in: CharacterSet(charactersIn: ":=*").union(.whitespaces))
    func rest(_ part: Substring) -> String {
      part.trimmingCharacters(in: CharacterSet(charactersIn: ":-()[]").union(.whitespaces))
    }
    let first = text.prefix { !$0.isWhitespace && $0 != ":" }
    let last = text.reversed().prefix { !$0.isWhitespace }.count
    return totalsOf.contains(first.lowercased()) && names.contains(rest(text.dropFirst(first.count)))
      || totalsOf.contains(text.suffix(last).lowercased()) && names.contains(rest(text.dropLast(last)))
  }

  /// Words for totals that a product or store may bear as its name, too.
  private static let brands: Set<String> = [
    "total", "totals", "all", "alle", "sum", "sums", "result", "results", "overall", "ergebnis", "suma", "somma",
    "somme",
    "totale", "totaal", "σ",
  ]

  /// Whether a name of totals may be one of a product or store all the same: without a colon behind it.
  static func mayBeName(_ name: String) -> Bool {
    brands.contains(name.lowercased().trimmingCharacters(in: .whitespaces))
  }

  /// Whether a text in place of a day says that its row is a total: `Summe`, `Total March`.
  static func namesTotalOfDays(_ text: String) -> Bool {
    guard text.utf8.count <= 60, text.contains(where: \.isLetter) else { return false }
    let words = withoutMarks(text).split { $0.isWhitespace || $0 == ":" }
    return namesTotals(text) || words.first.map { totalsOf.contains(String($0)) } == true
      || words.last.map { totalsOf.contains(String($0)) } == true
  }

  /// Whether a product or store of this name is rather a line of totals.
  static func namesTotals(_ name: String) -> Bool {
    // Longer names need not be made small.
    name.utf8.count <= 24 && totals.contains(withoutMarks(name))
  }

  /// Whether a column's name says the first day of a week.
  static func namesBeginning(_ name: String) -> Bool {
    let plain = normalised(name)
    return ["start", "begin", "from", "first", "commencing", "monday", "montag", "ersterwochentag"].contains {
      plain.contains($0)
    }
  }

  /// Whether a column's name says weeks.
  static func namesWeeks(_ name: String) -> Bool {
    let plain = normalised(name)
    return ["week", "woche", "semana", "semaine"].contains { plain.contains($0) }
      || ["wk", "kw"].contains { plain.hasPrefix($0) || plain.hasSuffix($0) }
  }

  /// Whether a column's name says what tells rows apart that are of one product and store: receipts, buyers, times.
  static func namesPartOfDay(_ name: String) -> Bool {
    let plain = normalised(name)
    return [
      "hour", "time", "stunde", "uhrzeit", "customer", "kunde", "member", "loyalty", "invoice", "receipt", "order",
      "bon", "beleg", "transaction", "basket", "till", "kasse", "line", "row", "zeile", "channel", "weekday", "month",
    ].contains { plain.contains($0) }
  }
}
