"""The words that names, streets and contacts of the demo are made of."""

from __future__ import annotations


def _words(text: str) -> list[str]:
    return text.split()


FIRST = _words(
    """Little Bright Happy Sunshine Rainbow Tiny Creative Precious Kiddie Golden Growing Wonder Busy Caring
    Blessed Shining Jumping Loving Discovery Curious Gentle Magic Starlight Giggling Playful Cozy Joyful Sunny Brilliant
    Dancing Laughing Mighty Merry Silver Early Cuddly Peppermint Bluebonnet Lone-Star Redbud Desert Prairie
    Cactus Hilltop"""
)
SECOND = _words(
    """Stars Steps Hands Angels Learners Explorers Treasures Minds Acorns Ducklings Lambs Scholars Sprouts Bees
    Hearts Giggles Footprints Friends Dreamers Cubs Wonders Builders Buttons Blossoms Beginnings Crayons Adventures Kids
    Pandas Tots Turtles Owls Rascals Pioneers Voyagers Apples Seeds Bridges Horizons Ladybugs"""
)
KINDS = [
    "Academy", "Learning Center", "Daycare", "Preschool", "Child Care", "Montessori", "Child Development Center",
    "Nursery School", "Christian Academy", "Early Learning Center", "Day Care Center", "Childcare", "Kids Club",
    "School",
]  # fmt: skip
HOME_KINDS = ["Family Child Care", "Home Daycare", "Family Daycare", "In Home Child Care", "Daycare", "Playhouse"]
CHURCHES = [
    "First Baptist Church", "St. Mary's", "Grace Lutheran", "Trinity Methodist", "Holy Family", "Good Shepherd",
    "Our Savior", "Calvary Chapel", "New Life Church", "St. Paul's Episcopal",
]  # fmt: skip
CHURCH_KINDS = ["Day School", "Preschool", "Parents Day Out", "Child Development Center", "Early Education"]
COUNTS = ["123", "1st", "1 on 1", "2 Bs", "5", "360", "A+", "ABC", "A 2 Z", "4 Ever"]
BRANDS = [
    "Primrose School", "Kindercare", "La Petite Academy", "Merryhill Preschool", "Children's Lighthouse",
    "Kids R Kids", "Tutor Time", "Creme de la Creme", "Foundations Preschool", "YMCA", "Sunrise Early Head Start",
    "Challenger School",
]  # fmt: skip
AGENCIES = [
    "Catholic Charities of the Diocese", "Community Action Partnership", "Boys & Girls Clubs", "Easter Seals Society",
    "Neighborhood House Association", "Salvation Army", "Lutheran Social Services", "Urban League",
    "Centers for New Horizons", "Family Service Agency", "Young Women's Christian Association",
    "Ounce of Prevention Fund",
]  # fmt: skip
GYMS = ["EOS Fitness", "Life Time Athletic", "Las Vegas Athletic Club", "Chuze Fitness"]
PROGRAMS = ["Parks & Recreation Safekey", "Youth Development Program", "Seasonal Recreation Camp"]
LEGAL = ["", "", "", "", " LLC", ", LLC", " Inc.", ", Inc.", " L.L.C.", " Corp."]
GIVEN = _words(
    """Maria Jennifer Linda Ashley Sandra Tonya Kimberly Latoya Rosa Heather Angela Crystal Denise Monica Tiffany
    Yolanda Brenda Carla Gloria Nicole Elizabeth Katherine Rebecca Deborah Patricia Margaret Christina Veronica Samantha
    Jessica Melissa Stephanie Amanda Barbara Carolyn Georgia Cassandra Symira Katrina Earnestine Guadalupe Consuelo Thuy
    Fatima Olga Svetlana Priya Robert Michael Jonathan"""
)
NICKNAMES = {
    "Jennifer": "Jen", "Kimberly": "Kim", "Elizabeth": "Liz", "Katherine": "Kathy", "Rebecca": "Becky",
    "Deborah": "Debbie", "Patricia": "Pat", "Margaret": "Peggy", "Christina": "Chris", "Samantha": "Sam",
    "Jessica": "Jess", "Stephanie": "Steph", "Amanda": "Mandy", "Barbara": "Barb", "Cassandra": "Cassie",
    "Robert": "Bob", "Michael": "Mike", "Guadalupe": "Lupe", "Tiffany": "Tiff", "Angela": "Angie",
}  # fmt: skip
FAMILY = _words(
    """Johnson Garcia Smith Williams Brown Hernandez Davis Lopez Wilson Martinez Anderson Taylor Thomas Moore
    Jackson Martin Lee Perez White Harris Clark Lewis Robinson Walker Young Allen King Wright Scott Torres Nguyen Hill
    Flores Green Adams Nelson Baker Hall Rivera Campbell Mitchell Carter Roberts Gomez Phillips Evans Turner Diaz Parker
    Cruz Edwards Collins Reyes Stewart Morris Morales Murphy Cook Rogers Ortiz Hellstrom Khalid Arreola Pineda Poblete
    Jariwala McCoy O'Brien De-La-Rosa"""
)
STREETS = _words(
    """Willow Oak Main Cedar Elm Maple Sahara Rainbow Pecan Lakeview Sunset Hillcrest Church Park Mesquite
    Juniper Broadway Virginia Charleston Meadow Stonehollow Beechnut Eastern Cheyenne Mohawk Placid Florentine Durango
    Campbell Atlantis Hargrove Westcliff Brookhaven Oxford Kings Halifax Villa Woodbriar Kirby Slide Violet Gloger
    Babcock Bakersfield Paige Mason Alvin Freeport Glenway Spencer Lincoln Jefferson Magnolia Dogwood"""
)
SUFFIXES = ["St", "Ave", "Dr", "Rd", "Ln", "Blvd", "Ct", "Pl", "Way", "Cir", "Ter", "Pkwy"]
SPELLED = [
    "Street", "Avenue", "Drive", "Road", "Lane", "Boulevard", "Court", "Place", "Way", "Circle", "Terrace", "Parkway",
]  # fmt: skip
DIRECTIONS = ["", "", "", "", "N", "S", "E", "W", "NW", "NE"]
TEXAS_ROADS = ["FM", "FM", "FM", "RM", "CR", "Farm Road"]
FREEWAYS = ["S R L Thornton Fwy", "N Loop Dr", "Gulf Fwy", "N Interstate Hwy 35", "Katy Fwy", "US Highway 290"]
DISTRICTS = ["Lone Mountain", "Silverado Ranch", "Tech Center", "Smoke Ranch", "Alta", "Spring Valley", "Durango Hills",
             "Midtown", "North Park", "Stone Oak", "Cypress Creek", "Southlake", "West Side", "Lakeside"]  # fmt: skip
MAILBOXES = ["gmail.com", "gmail.com", "gmail.com", "yahoo.com", "hotmail.com", "aol.com", "outlook.com",
             "sbcglobal.net", "ymail.com"]  # fmt: skip
ABBREVIATIONS = [
    ("Learning Center", "Lrng Ctr"), ("Center", "Ctr"), ("Child Care", "Childcare"), ("Daycare", "Day Care"),
    ("Academy", "Acad."), ("Christian", "Chr."), ("Development", "Dev"), ("Preschool", "Pre-School"),
    ("Early Learning", "ELC"), ("First", "1st"), ("Saint|St\\.", "Saint"), ("Little", "Lil'"),
    ("Child Development Center", "CDC"), ("School", "Sch"), ("Kids", "Kidz"), ("Church", "Ch."),
]  # fmt: skip
# City, province, area code and the first half of a postcode.
CANADA = [
    ("Lloydminster", "Alberta", "780", "T9V"), ("Calgary", "AB", "403", "T2P"), ("Vancouver", "BC", "604", "V5K"),
    ("Victoria", "British Columbia", "250", "V8W"), ("Toronto", "Ontario", "416", "M5V"),
    ("Ottawa", "ON", "613", "K1P"), ("Happy Valley-Goose Bay", "Newfoundland", "709", "A0P"),
    ("Halifax", "NS", "902", "B3H"), ("Winnipeg", "Manitoba", "204", "R3C"), ("Montreal", "Quebec", "514", "H2X"),
]  # fmt: skip
# Country and a phone number as typed there.
ABROAD = [
    ("Brazil", "+55 11 96123-4567"), ("United Kingdom", "+44 20 7946 0018"), ("Australia", "+61 2 5550 1234"),
    ("Mexico", "+52 55 1234 5678"), ("India", "+91 98765 43210"),
]  # fmt: skip
STATUSES = ["New", "Assigned", "Working", "Connected", "Qualified", "Converted", "Recycled", "Unqualified"]
STAGES = {
    "New": [""], "Assigned": ["Added to sequence", "Assigned", ""], "Working": ["Working"], "Connected": ["Connected"],
    "Qualified": ["Qualified - Demo Set"], "Converted": ["Converted"],
    "Recycled": ["Recycled - Using Competitor", "Recycled - Neglected", "Recycled - No Response"],
    "Unqualified": ["Unqualified - Enterprise", "Unqualified - Closed", "Unqualified - Bad Data"],
}  # fmt: skip
LEAD_SOURCES = ["TAM", "TAM", "TAM", "Web", "Marketing Research", "Proactive Trial", "List Purchase", ""]
BAD_PHONES = ["1234567890", "0000000000", "9999999999", "5555555555", "111-111-1111", "N/A", "none", "123-4567"]
BAD_EMAILS = ["none@none.com", "noemail@noemail.com", "na@na.com", "test@test.com", "no email", "director@"]
