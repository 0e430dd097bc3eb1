//! Places of CDNs by the code of the airport next to them (IATA). As of November 2026.

/// Codes that vendors name their places by, and the cities they stand for.
#[rustfmt::skip]
const CITIES: &[(&str, &str)] = &[
    ("ACC", "Accra"), ("ADD", "Addis Ababa"), ("ADL", "Adelaide"), ("AKL", "Auckland"), ("ALA", "Almaty"),
    ("ALG", "Algiers"), ("AMM", "Amman"), ("AMS", "Amsterdam"), ("ARN", "Stockholm"), ("ASU", "Asuncion"),
    ("ATH", "Athens"), ("ATL", "Atlanta"), ("AUS", "Austin"), ("BAH", "Bahrain"), ("BCN", "Barcelona"),
    ("BEG", "Belgrade"), ("BER", "Berlin"), ("BEY", "Beirut"), ("BFI", "Seattle"), ("BGW", "Baghdad"),
    ("BHX", "Birmingham"), ("BKK", "Bangkok"), ("BLR", "Bengaluru"), ("BNA", "Nashville"), ("BNE", "Brisbane"),
    ("BOD", "Bordeaux"), ("BOG", "Bogota"), ("BOM", "Mumbai"), ("BOS", "Boston"), ("BRU", "Brussels"),
    ("BSB", "Brasilia"), ("BTS", "Bratislava"), ("BUD", "Budapest"), ("BUF", "Buffalo"), ("BUR", "Burbank"),
    ("CAI", "Cairo"), ("CAN", "Guangzhou"), ("CCU", "Kolkata"), ("CDG", "Paris"), ("CGH", "Sao Paulo"),
    ("CGK", "Jakarta"), ("CGN", "Cologne"), ("CHI", "Chicago"), ("CLE", "Cleveland"), ("CLT", "Charlotte"),
    ("CMB", "Colombo"), ("CMH", "Columbus"), ("CMN", "Casablanca"), ("CNF", "Belo Horizonte"),
    ("CPH", "Copenhagen"), ("CPT", "Cape Town"), ("CUR", "Curacao"), ("CWB", "Curitiba"), ("DAC", "Dhaka"),
    ("DAR", "Dar es Salaam"), ("DCA", "Washington"), ("DEL", "Delhi"), ("DEN", "Denver"), ("DFW", "Dallas"),
    ("DKR", "Dakar"), ("DME", "Moscow"), ("DOH", "Doha"), ("DTW", "Detroit"), ("DUB", "Dublin"),
    ("DUR", "Durban"), ("DUS", "Dusseldorf"), ("DXB", "Dubai"), ("EDI", "Edinburgh"), ("EVN", "Yerevan"),
    ("EWR", "Newark"), ("EZE", "Buenos Aires"), ("FCO", "Rome"), ("FJR", "Fujairah"), ("FLN", "Florianopolis"),
    ("FOR", "Fortaleza"), ("FRA", "Frankfurt"), ("FUK", "Fukuoka"), ("GIG", "Rio de Janeiro"),
    ("GOT", "Gothenburg"), ("GRU", "Sao Paulo"), ("GUA", "Guatemala City"), ("GVA", "Geneva"), ("HAM", "Hamburg"),
    ("HAN", "Hanoi"), ("HEL", "Helsinki"), ("HIO", "Portland"), ("HKG", "Hong Kong"), ("HNL", "Honolulu"),
    ("HYD", "Hyderabad"), ("IAD", "Ashburn"), ("IAH", "Houston"), ("ICN", "Seoul"), ("IND", "Indianapolis"),
    ("ISB", "Islamabad"), ("IST", "Istanbul"), ("ITM", "Osaka"), ("JAX", "Jacksonville"), ("JED", "Jeddah"),
    ("JFK", "New York"), ("JNB", "Johannesburg"), ("KBP", "Kyiv"), ("KEF", "Reykjavik"), ("KHI", "Karachi"),
    ("KIX", "Osaka"), ("KTM", "Kathmandu"), ("KUL", "Kuala Lumpur"), ("KWI", "Kuwait City"), ("LAD", "Luanda"),
    ("LAS", "Las Vegas"), ("LAX", "Los Angeles"), ("LCY", "London"), ("LED", "Saint Petersburg"), ("LGA", "New York"),
    ("LGW", "London"), ("LHE", "Lahore"), ("LHR", "London"), ("LIM", "Lima"), ("LIS", "Lisbon"), ("LJU", "Ljubljana"),
    ("LOS", "Lagos"), ("LUX", "Luxembourg"), ("LYS", "Lyon"), ("MAA", "Chennai"), ("MAD", "Madrid"),
    ("MAN", "Manchester"), ("MBA", "Mombasa"), ("MCI", "Kansas City"), ("MCT", "Muscat"), ("MDE", "Medellin"),
    ("MDW", "Chicago"), ("MEL", "Melbourne"), ("MEM", "Memphis"), ("MEX", "Mexico City"), ("MFM", "Macau"),
    ("MIA", "Miami"), ("MNL", "Manila"), ("MRS", "Marseille"), ("MRU", "Port Louis"), ("MSP", "Minneapolis"),
    ("MSQ", "Minsk"), ("MUC", "Munich"), ("MXP", "Milan"), ("NBO", "Nairobi"), ("NRT", "Tokyo"), ("OKC", "Oklahoma City"),
    ("OMA", "Omaha"), ("ORD", "Chicago"), ("ORF", "Norfolk"), ("ORY", "Paris"), ("OSL", "Oslo"), ("OTP", "Bucharest"),
    ("PAO", "Palo Alto"), ("PDX", "Portland"), ("PER", "Perth"), ("PHL", "Philadelphia"), ("PHX", "Phoenix"),
    ("PIT", "Pittsburgh"), ("PMO", "Palermo"), ("PNH", "Phnom Penh"), ("POA", "Porto Alegre"), ("PRG", "Prague"),
    ("PTY", "Panama City"), ("QRO", "Queretaro"), ("RIC", "Richmond"), ("RIX", "Riga"), ("ROM", "Rome"),
    ("RUH", "Riyadh"), ("SAN", "San Diego"), ("SCL", "Santiago"), ("SEA", "Seattle"), ("SFO", "San Francisco"),
    ("SGN", "Ho Chi Minh City"), ("SIN", "Singapore"), ("SJC", "San Jose"), ("SLC", "Salt Lake City"),
    ("SMF", "Sacramento"), ("SOF", "Sofia"), ("STL", "St. Louis"), ("STO", "Stockholm"), ("SYD", "Sydney"),
    ("TLH", "Tallahassee"), ("TLL", "Tallinn"), ("TLV", "Tel Aviv"), ("TPA", "Tampa"), ("TPE", "Taipei"),
    ("TUN", "Tunis"), ("TXL", "Berlin"), ("UIO", "Quito"), ("VIE", "Vienna"), ("VNO", "Vilnius"), ("WAW", "Warsaw"),
    ("YUL", "Montreal"), ("YVR", "Vancouver"), ("YWG", "Winnipeg"), ("YYC", "Calgary"), ("YYZ", "Toronto"),
    ("ZAG", "Zagreb"), ("ZRH", "Zurich"),
];

/// `Frankfurt (FRA)`; the code alone where it is not in the table, nothing where it is no code.
pub(super) fn place(code: &str) -> Option<String> {
    let three = code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_alphabetic());
    let code = three.then(|| code.to_ascii_uppercase())?;
    Some(match CITIES.binary_search_by_key(&&*code, |(known, _)| known) {
        Ok(at) => format!("{} ({code})", CITIES[at].1),
        Err(_) => code,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_spelled_out() {
        assert!(CITIES.is_sorted_by_key(|(code, _)| code));
        for (code, words) in [
            ("FRA", Some("Frankfurt (FRA)")),
            ("iad", Some("Ashburn (IAD)")),
            ("QQQ", Some("QQQ")),
            ("FR4", None),
            ("", None),
            ("FRAN", None),
        ] {
            assert_eq!(place(code).as_deref(), words, "{code}");
        }
    }
}
