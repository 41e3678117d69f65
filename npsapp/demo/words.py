"""What the sample customers are called and what they say. All of it is made up."""

from __future__ import annotations

FIRST_NAMES = """
    Aafje Adriaan Baukje Berend Bregje Casper Ciska Diede Dorus Eefje Egbert Fenna Floris Geesje
    Gijsbert Hanneke Hidde Ilse Jelle Jorinde Kasper Klaske Lauke Leentje Machiel Mirthe Nelleke
    Okke Pleun Quirijn Reinier Roos Sipke Teuntje Tjalling Ursula Veerle Wieger Xandra Ytsje Zeger
""".split()  # noqa: SIM905  (a list would be a page long)
LAST_NAMES = """
    Appelflap Bakfiets Boterbloem Bromvlieg Deurklink Dropveter Eikelboom Flierefluit Fluitketel
    Gieter Haverstro Hoefijzer Inktvlek Jaszak Kaarsrecht Klaproos Knikker Koekenpan Lampenkap
    Lepelaar Madelief Molensteen Naaldenkussen Olifantspad Paardenstaart Pannenlap Potlood
    Regenton Roerstaaf Schoenlepel Slingerplant Speelkwartier Sterappel Theelicht Tuinstoel
    Uitblinker Vingerhoed Vlaggenmast Waterkers Windwijzer Zandloper Zeepsop Aardbei Bezemsteel
    Draaimolen Eierdop Fietsbel Gordijnrail Hangslot Kapstok Luchtballon Mosterdzaad Notenkraker
    Peperbus Rammelaar Stoofpeer Tafelkleed Veterband
""".split()  # noqa: SIM905  (a list would be a page long)

DETRACTOR = {
    "nl": (
        "Het pakket kwam een week te laat en ik moest er zelf achteraan bellen.",
        "Bestelling was incompleet. Na drie mails nog steeds geen antwoord.",
        "De doos was gescheurd en de lampion zat vol deuken.",
        "Terugsturen kostte me meer dan het artikel zelf.",
        "Op de site stond 'op voorraad', daarna hoorde ik dat het vijf weken duurt.",
        "Ik wacht al twaalf dagen op mijn geld terug.",
        "De kleur lijkt in de verste verte niet op de foto.",
        "Twintig minuten in de wacht gehangen en toen werd de verbinding verbroken.",
        "De bezorger heeft het bij de verkeerde buren afgegeven zonder briefje.",
        "Te duur voor deze kwaliteit, het papier scheurde bij het uitpakken.",
        "Kortingscode werkte niet en niemand kon me vertellen waarom.",
        "Factuur klopt nog steeds niet, ook niet na de correctie.",
    ),
    "en": (
        "Delivery took nine days instead of two, and nobody told me.",
        "The parcel arrived crushed. I am still waiting for a replacement.",
        "Your returns form kept failing, so I gave up.",
        "Half of my order was missing and the chat never answered.",
    ),
}
PASSIVE = {
    "nl": (
        "Prima winkel, alleen jammer van de verzendkosten naar België.",
        "Alles in orde, maar de site is op de telefoon wat traag.",
        "Mooi spul. De levering mag een dag sneller.",
        "Goed geholpen, al moest ik mijn verhaal twee keer doen.",
        "Kwaliteit is goed, verpakking kan met minder plastic.",
        "Netjes op tijd, verder niets bijzonders.",
        "Zou fijn zijn als er meer keus was in grote vellen.",
        "Bestellen ging makkelijk, betalen met factuur miste ik.",
    ),
    "en": (
        "Good products, but the English pages are not complete.",
        "Fine service. Tracking updates came late.",
        "Nice shop, a little expensive on shipping.",
    ),
}
PROMOTER = {
    "nl": (
        "Snel geholpen aan de telefoon door iemand die echt meedacht.",
        "Voor tien uur besteld en de volgende ochtend in huis.",
        "Prachtig papier, precies zoals op de foto.",
        "Er zat een handgeschreven kaartje bij, dat vergeet je niet.",
        "Mijn ruilpakket werd zonder gedoe omgewisseld.",
        "Al jaren klant en nog nooit iets mis geweest.",
        "Eerlijk advies gekregen: ik hoefde het dure pakket niet te nemen.",
        "De vouwset voor de klas was een groot succes bij de kinderen.",
        "Duidelijke site, makkelijk betalen, snel in huis.",
        "Fijn dat jullie terugbelden toen het pakket onderweg vertraging had.",
    ),
    "en": (
        "Ordered on Monday, delivered on Tuesday. Perfect.",
        "Somebody called me back within the hour and solved it.",
        "Beautiful paper and very friendly people.",
        "The gift wrapping made my mother's birthday.",
    ),
}
# What detractors say in the month in which the drivers were on strike.
STRIKE = {
    "nl": (
        "Door de staking bij de bezorgdienst drie weken op mijn pakket gewacht.",
        "Dat er gestaakt wordt kunnen jullie niet helpen, maar vertel het dan vooraf.",
        "Pakket lag wekenlang in het depot vanwege de staking. Feest al voorbij.",
        "Nergens op de site een woord over de staking, ik bleef maar verversen.",
    ),
    "en": (
        "My parcel was stuck in the depot during the strike and nobody told me.",
        "Three weeks late because of the delivery strike. The party was over by then.",
    ),
}
COMMENTS = {"detractor": DETRACTOR, "passive": PASSIVE, "promoter": PROMOTER}

NOTES = (
    "Gebeld, voicemail ingesproken. Morgen nog eens proberen.",
    "Vervoerder bevestigt: zending is blijven liggen in het depot.",
    "Magazijn zoekt het ontbrekende artikel op.",
    "Klant wil liever per mail antwoord dan telefonisch.",
)
CALL = "Gebeld en excuses gemaakt."
# What was given, and what it cost.
GESTURES = (
    ("Verzendkosten terug", "5.95"),
    ("Tegoedbon", "10.00"),
    ("Bos bloemen", "24.50"),
    ("Lampion", "12.75"),
)
SUBJECTS = {"nl": "Re: uw antwoord", "en": "Re: your answer"}
REPLIES = {
    "detractor": {
        "nl": "Bedankt dat u dit eerlijk vertelt. Dit had niet mogen gebeuren. We sturen vandaag "
        "een nieuw pakket en u krijgt van mij een bericht zodra het de deur uit is.",
        "en": "Thank you for telling us. This should not have happened. A new parcel leaves today, "
        "and I will write to you when it is on its way.",
    },
    "passive": {
        "nl": "Bedankt voor uw antwoord. Wat u schrijft over wat er beter kan, heb ik doorgegeven "
        "aan de collega's die erover gaan.",
        "en": "Thank you for your answer. I have passed on what you write to the colleagues who "
        "can do something about it.",
    },
    "promoter": {
        "nl": "Wat fijn om te lezen, dank u wel. Ik heb het doorgegeven aan de collega's van het "
        "magazijn; zij zijn er blij mee.",
        "en": "How good to read, thank you. I have passed it on to my colleagues in the warehouse; "
        "they were glad to hear it.",
    },
}
